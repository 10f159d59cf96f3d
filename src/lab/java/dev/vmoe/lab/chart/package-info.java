/**
 * How results are shown: charts as SVG, and tables of rows of one kind.
 *
 * <pre>
 *   Axis ─▶ Scale ─┐
 *   Series ────────┴─▶ Plot ─▶ Svg        Columns ─▶ Table
 * </pre>
 *
 * <p>May use serving, and no other part of the lab.
 */
@NullMarked
package dev.vmoe.lab.chart;

import org.jspecify.annotations.NullMarked;
