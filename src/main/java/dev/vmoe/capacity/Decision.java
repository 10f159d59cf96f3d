package dev.vmoe.capacity;

import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;

/**
 * The operating point of the next batch, and why.
 *
 * @param point operating point
 * @param routing order in which choices claim slots
 * @param reason why this point, for people
 */
public record Decision(OperatingPoint point, Routing routing, String reason) {

  /** Returns the decision as settings of one run. */
  public RoutingSettings routingSettings() {
    return new RoutingSettings(point.capacityRatio(), point.expertsPerToken(), routing);
  }
}
