/**
 * The benchmark of policies under load: arrival traces, an open-loop client, what came of each
 * image, and the bound that nobody who does not know the future can reach.
 *
 * <pre>
 *   Rates ─▶ LoadTraces ─▶ ArrivalTrace ─┬─▶ OpenLoopClient ─▶ TraceOutcome ─┬─▶ PolicyMetrics
 *                                        └─▶ ClairvoyantBound ─▶ (same) ─────┴─▶ Timeline ─▶ picture
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.overload;

import org.jspecify.annotations.NullMarked;
