/**
 * Benchmarks on this machine: the graph alone, the pipeline, priority, observability. What is compared
 * is measured in turn, in one process.
 *
 * <pre>
 *   things ─▶ Rounds ─▶ fastest, median, mean ─▶ PairedRates (ratio and its interval)
 * </pre>
 *
 * <p>May use {@code sweep} and serving.
 */
@NullMarked
package dev.vmoe.lab.bench;

import org.jspecify.annotations.NullMarked;
