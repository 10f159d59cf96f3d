/** Benchmarks on this machine: the graph alone, the pipeline, priority, observability. */
@NullMarked
package dev.vmoe.lab.bench;

import org.jspecify.annotations.NullMarked;
