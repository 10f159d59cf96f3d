/**
 * Which patches each MoE layer skipped, to be looked at: one micro-batch, run at several capacity
 * ratios under both routings, becomes a contact sheet.
 *
 * <pre>
 *   files, labelled set ── SeenImages ──▶ WatchedBatch ── Explanation ──▶ ContactSheet (HTML)
 *                                                          └──▶ Table (text, CSV)
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.patches;

import org.jspecify.annotations.NullMarked;
