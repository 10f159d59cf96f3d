/** V-MoE and its dense twin as an ONNX graph. */
@NullMarked
package dev.vmoe.model;

import org.jspecify.annotations.NullMarked;
