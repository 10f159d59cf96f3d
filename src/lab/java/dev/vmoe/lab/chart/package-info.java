/**
 * How results are shown: charts as SVG, and tables of rows of one kind.
 *
 * <pre>
 *   Axis ─▶ Scale ─┐
 *   Series ────────┴─▶ Plot ─▶ Svg        Columns ─▶ Table
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.chart;

import org.jspecify.annotations.NullMarked;
