/**
 * One ONNX Runtime session: devices, warm-up, running a batch.
 *
 * <p>May use: {@code moe}.
 */
@NullMarked
package dev.vmoe.inference;

import org.jspecify.annotations.NullMarked;
