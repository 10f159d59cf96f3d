/**
 * V-MoE and its dense twin as an ONNX graph.
 *
 * <p>May use: {@code tensor moe checkpoint onnx}.
 */
@NullMarked
package dev.vmoe.model;

import org.jspecify.annotations.NullMarked;
