/** Labelled images, evaluations, sweeps and benchmarks: CSV first, tables and pictures from it. */
@NullMarked
package dev.vmoe.report;

import org.jspecify.annotations.NullMarked;
