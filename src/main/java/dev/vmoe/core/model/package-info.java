/** V-MoE and its dense twin as an ONNX graph. */
@NullMarked
package dev.vmoe.core.model;

import org.jspecify.annotations.NullMarked;
