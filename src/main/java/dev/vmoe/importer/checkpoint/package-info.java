/** Checkpoint files (V-MoE msgpack, npz) as parameter trees. */
@NullMarked
package dev.vmoe.importer.checkpoint;

import org.jspecify.annotations.NullMarked;
