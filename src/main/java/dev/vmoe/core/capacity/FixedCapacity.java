package dev.vmoe.core.capacity;

import dev.vmoe.core.moe.Routing;

/**
 * Always the same operating point, whatever the load: as a policy, or as a controller that learns
 * nothing.
 */
public final class FixedCapacity implements CapacityPolicy, CapacityController {

  private final Decision decision;

  /** Creates a policy that always answers with this point and routing. */
  public FixedCapacity(OperatingPoint point, Routing routing) {
    this.decision = new Decision(point, routing, "fixed");
  }

  @Override
  public Decision choose(Situation situation) {
    return decision;
  }

  @Override
  public Decision decide(Sample sample) {
    return decision;
  }
}
