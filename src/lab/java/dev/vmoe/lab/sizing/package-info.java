/**
 * Sizing: how many instances, partitions and images a batch a rate of images takes, from costs that
 * were measured on one instance and a simulation of its queue.
 *
 * <pre>
 *   MeasuredCosts ─▶ Forecaster (SimulatedInstance) ─▶ Forecast ─┬─▶ Planner ─▶ Plan ─▶ PlanText
 *                                                                └─▶ SizingStudy ─▶ CSV, picture
 * </pre>
 */
@NullMarked
package dev.vmoe.lab.sizing;

import org.jspecify.annotations.NullMarked;
