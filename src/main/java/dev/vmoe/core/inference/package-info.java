/** One ONNX Runtime session: devices, warm-up, running a batch. */
@NullMarked
package dev.vmoe.core.inference;

import org.jspecify.annotations.NullMarked;
