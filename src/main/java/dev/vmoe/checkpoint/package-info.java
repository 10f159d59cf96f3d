/** Checkpoint files (V-MoE msgpack, npz) as parameter trees. */
@NullMarked
package dev.vmoe.checkpoint;

import org.jspecify.annotations.NullMarked;
