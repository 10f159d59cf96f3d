package dev.vmoe.capacity;

import dev.vmoe.moe.Routing;

/** Always the same operating point, whatever the load. */
public final class FixedCapacity implements CapacityController {

  private final Decision decision;

  /** Creates a controller that always answers with this point and routing. */
  public FixedCapacity(OperatingPoint point, Routing routing) {
    this.decision = new Decision(point, routing, "fixed");
  }

  @Override
  public Decision decide(Sample sample) {
    return decision;
  }
}
