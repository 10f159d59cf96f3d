/**
 * Checkpoint files (V-MoE msgpack, npz) as parameter trees.
 *
 * <p>May use: {@code tensor}.
 */
@NullMarked
package dev.vmoe.checkpoint;

import org.jspecify.annotations.NullMarked;
