/**
 * Accuracy and time by operating point: CSV first; tables, profiles and charts from it.
 *
 * <pre>
 *   ImageSample ─────▶ Sweep ──────┐                ┌─▶ SweepLog (runs.csv)
 *                                  ├─▶ PointRunner ─┤
 *   LabelledBatches ─▶ Evaluation ─┘                └─▶ SweepSummary ─▶ SweepRow ─▶ table, chart
 * </pre>
 *
 * <p>May use {@code chart} and serving.
 */
@NullMarked
package dev.vmoe.lab.sweep;

import org.jspecify.annotations.NullMarked;
