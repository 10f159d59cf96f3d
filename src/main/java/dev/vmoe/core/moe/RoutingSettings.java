package dev.vmoe.core.moe;

/**
 * How the MoE layers of one run route: everything that may differ from batch to batch.
 *
 * @param capacityRatio requested multiplier of N·K/E, above 0
 * @param expertsPerToken K, at least 1
 * @param routing order in which choices claim slots
 */
public record RoutingSettings(double capacityRatio, int expertsPerToken, Routing routing) {

  /** Rejects values that no model can run with; the model's own bounds are checked by the run. */
  public RoutingSettings {
    if (!(capacityRatio > 0) || Double.isInfinite(capacityRatio)) {
      throw new IllegalArgumentException("capacity ratio " + capacityRatio + " is not above 0");
    }
    if (expertsPerToken < 1) {
      throw new IllegalArgumentException("experts per token " + expertsPerToken + " is below 1");
    }
  }
}
