/**
 * Operating points, and the controller that chooses among them: a sample in, a decision out. No
 * clock, no metrics, no settings.
 *
 * <pre>
 * CostModel, QualityProfile, PointBounds ─▶ Ladder ─┐
 *                         target, overhead ─▶ LatencyBudget ─┴─▶ LearningCapacity
 *
 * Sample ─▶ LearningCapacity: learn, estimate the load ─▶ Situation ─▶ CapacityPolicy ─▶ Decision
 *                   └─▶ CapacityObserver
 * </pre>
 */
@NullMarked
package dev.vmoe.core.capacity;

import org.jspecify.annotations.NullMarked;
