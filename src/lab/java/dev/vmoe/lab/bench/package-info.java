/**
 * What benchmarks share, and those of the graph and the pipeline. What is compared is measured in
 * turn, in this process.
 *
 * <pre>
 *   BenchModel, FullLoad ─▶ BenchPipeline, BareLoop, peers ─▶ MeteredReplay ─┐
 *                                                         anything timed ───┴─▶ Rounds
 *   Rounds ─▶ fastest, median
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.bench;

import org.jspecify.annotations.NullMarked;
