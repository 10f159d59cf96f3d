/**
 * A builder for ONNX graphs; knows nothing of V-MoE.
 *
 * <p>May use: {@code tensor}.
 */
@NullMarked
package dev.vmoe.onnx;

import org.jspecify.annotations.NullMarked;
