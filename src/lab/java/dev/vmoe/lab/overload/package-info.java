/**
 * The benchmark of policies under load: arrival traces, an open-loop client, the outcome of each
 * image, and a bound that knows the future.
 *
 * <pre>
 *   Rates ─▶ LoadTraces ─▶ ArrivalTrace ─┬─▶ SteeredPipeline ─▶ TraceOutcome ┬─▶ PolicyMetrics
 *                                        └─▶ ClairvoyantBound ─▶ (same) ─────┴─▶ Timeline
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.overload;

import org.jspecify.annotations.NullMarked;
