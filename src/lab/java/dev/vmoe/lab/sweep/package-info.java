/**
 * Accuracy and time by operating point: CSV first; tables and profiles from it.
 *
 * <pre>
 *   ImageSample ─────▶ Sweep ──────┐                ┌─▶ SweepLog (runs.csv)
 *                                  ├─▶ PointRunner ─┤
 *   LabelledBatches ─▶ Evaluation ─┘                └─▶ SweepSummary ─▶ SweepRow ─▶ table
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.sweep;

import org.jspecify.annotations.NullMarked;
