/** Checkpoints of any source as the parameters of a V-MoE, and the model files made of them. */
@NullMarked
package dev.vmoe.importer.convert;

import org.jspecify.annotations.NullMarked;
