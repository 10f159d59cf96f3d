/**
 * The instance-wide micro-batcher, and the rules by which it closes batches.
 *
 * <pre>
 * lane ──┐                  decode workers        inference threads
 * lane ──┼──▶ filling ──▶ ┌─────────────────┐ ──▶ closed, decoded ──▶ shares ──▶ lanes
 * lane ──┘    batch       │ batch's buffer  │     batch, oldest
 *                         └─────────────────┘     first
 *             closed by its BatchLimits: size, bytes (asked by the submitter)
 *             or linger (asked by an inference thread that is idle)
 * </pre>
 *
 * <p>Decoding keeps within {@link dev.vmoe.core.batch.WorkBounds}: {@code DecodeMemory} has the
 * memory, and a {@code Watchdog} reports what takes too long. What nobody waits for any more leaves
 * its batch. {@code Expiry} takes out the images that cannot be answered in time.
 */
@NullMarked
package dev.vmoe.core.batch;

import org.jspecify.annotations.NullMarked;
