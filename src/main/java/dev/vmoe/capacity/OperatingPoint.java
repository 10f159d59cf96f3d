package dev.vmoe.capacity;

/**
 * One choice of how much expert computation a batch gets.
 *
 * @param capacityRatio requested multiplier of N·K/E, above 0
 * @param expertsPerToken K, at least 1
 */
public record OperatingPoint(double capacityRatio, int expertsPerToken) {

  /** Checks the lower bounds; a model's upper bounds are checked where the model is known. */
  public OperatingPoint {
    if (!(capacityRatio > 0) || Double.isInfinite(capacityRatio)) {
      throw new IllegalArgumentException("capacity ratio " + capacityRatio + " is not above 0");
    }
    if (expertsPerToken < 1) {
      throw new IllegalArgumentException("experts per token " + expertsPerToken + " is below 1");
    }
  }
}
