/** A builder for ONNX graphs; knows nothing of V-MoE. */
@NullMarked
package dev.vmoe.core.onnx;

import org.jspecify.annotations.NullMarked;
