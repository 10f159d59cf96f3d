/** Line charts as SVG. */
@NullMarked
package dev.vmoe.lab.chart;

import org.jspecify.annotations.NullMarked;
