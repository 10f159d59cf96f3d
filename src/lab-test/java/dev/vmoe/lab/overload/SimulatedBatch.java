package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.OperatingPoint;

/**
 * One batch that ran in a simulation.
 *
 * @param startSeconds when its run began
 * @param endSeconds when it ended
 * @param images its images
 * @param backlog images sent and not yet answered when it began, its own included
 * @param decision what was decided for it
 */
public record SimulatedBatch(
    double startSeconds, double endSeconds, int images, long backlog, Decision decision) {
  OperatingPoint point() {
    return decision.point();
  }
}
