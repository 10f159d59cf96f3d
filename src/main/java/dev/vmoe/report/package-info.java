/** Labelled images, evaluations and benchmarks: CSV first, tables from it. */
@NullMarked
package dev.vmoe.report;

import org.jspecify.annotations.NullMarked;
