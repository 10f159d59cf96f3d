/**
 * The instance-wide micro-batcher and its flush triggers.
 *
 * <pre>
 * lane ──┐                  decode workers        inference thread
 * lane ──┼──▶ filling ──▶ ┌─────────────────┐ ──▶ closed, decoded ──▶ shares ──▶ lanes
 * lane ──┘    batch       │ batch's buffer  │     batch, oldest
 *                         └─────────────────┘     first
 *             closed by size, bytes (submitter) or linger (inference thread)
 * </pre>
 */
@NullMarked
package dev.vmoe.batch;

import org.jspecify.annotations.NullMarked;
