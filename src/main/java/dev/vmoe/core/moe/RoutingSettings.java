package dev.vmoe.core.moe;

/**
 * How the MoE layers of one run route: everything that may differ from batch to batch.
 *
 * @param capacityRatio requested multiplier of N·K/E, above 0
 * @param expertsPerToken K, at least 1
 * @param routing order in which choices claim slots
 * @param gateMin minimum gate of a choice after a token's first, from 0 to 1; one below it is not
 *     made
 */
public record RoutingSettings(
    double capacityRatio, int expertsPerToken, Routing routing, double gateMin) {

  /** Creates settings under which every token makes all of its choices. */
  public RoutingSettings(double capacityRatio, int expertsPerToken, Routing routing) {
    this(capacityRatio, expertsPerToken, routing, 0);
  }

  /** Rejects values that no model can run with; the model's own bounds are checked by the run. */
  public RoutingSettings {
    if (!(capacityRatio > 0) || Double.isInfinite(capacityRatio)) {
      throw new IllegalArgumentException("capacity ratio " + capacityRatio + " is not above 0");
    }
    if (expertsPerToken < 1) {
      throw new IllegalArgumentException("experts per token " + expertsPerToken + " is below 1");
    }
    if (!(gateMin >= 0 && gateMin <= 1)) {
      throw new IllegalArgumentException("minimum gate " + gateMin + " is not from 0 to 1");
    }
  }

  /** Returns the settings with another minimum gate. */
  public RoutingSettings withGateMin(double gate) {
    return new RoutingSettings(capacityRatio, expertsPerToken, routing, gate);
  }
}
