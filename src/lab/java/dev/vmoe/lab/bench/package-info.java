/**
 * What benchmarks share, and those of the graph, the pipeline, priority and observability. What is
 * compared is measured in turn, in this process; only a peer may have one of its own.
 *
 * <pre>
 *   BenchModel, FullLoad ─▶ BenchPipeline, BareLoop, peers ─▶ MeteredReplay ─┐
 *                                                         anything timed ───┴─▶ Rounds
 *   Rounds ─▶ fastest, median, mean ─▶ PairedRates (ratio and its interval)
 * </pre>
 *
 * <p>May use {@code sweep} and serving.
 */
@NullMarked
package dev.vmoe.lab.bench;

import org.jspecify.annotations.NullMarked;
