/**
 * The enum of metrics, from which {@code src/docs/metrics.md} is printed, and the recorders that
 * the pipeline calls.
 *
 * <pre>
 * pipeline ──▶ PipelineMetrics            Meters ──▶ /metrics
 *              ├─ ImageMetrics   ──┐        ▲
 *              │                   │        │ counters, gauges, histograms,
 *              ├─ ExpertMetrics  ──┼────────┘ each as its Metric says
 *              ├─ CapacityMetrics ─┤
 *              └─ TraceMetrics   ──┘
 * </pre>
 */
@NullMarked
package dev.vmoe.streams.metrics;

import org.jspecify.annotations.NullMarked;
