package dev.vmoe.core.capacity;

/**
 * One choice of how a batch is computed: by which model, and with how much expert computation.
 *
 * @param model index among the models that are served beside each other; 0 is the one that the
 *     setting {@code model} names
 * @param capacityRatio requested multiplier of N·K/E, above 0
 * @param expertsPerToken K, at least 1
 */
public record OperatingPoint(int model, double capacityRatio, int expertsPerToken) {

  /** The only point of a dense model, which has neither ratio nor K. */
  public static final OperatingPoint DENSE = new OperatingPoint(1.05, 1);

  /** Checks the lower bounds; a model's upper bounds are checked where the model is known. */
  public OperatingPoint {
    if (model < 0) {
      throw new IllegalArgumentException("model " + model + " is below 0");
    }
    if (!(capacityRatio > 0) || Double.isInfinite(capacityRatio)) {
      throw new IllegalArgumentException("capacity ratio " + capacityRatio + " is not above 0");
    }
    if (expertsPerToken < 1) {
      throw new IllegalArgumentException("experts per token " + expertsPerToken + " is below 1");
    }
  }

  /** Creates a point of the first model, or of the only one. */
  public OperatingPoint(double capacityRatio, int expertsPerToken) {
    this(0, capacityRatio, expertsPerToken);
  }

  /** Returns the same ratio and K of another model. */
  public OperatingPoint ofModel(int index) {
    return new OperatingPoint(index, capacityRatio, expertsPerToken);
  }

  /** Returns whether cost and accuracy between two points are those between their ratios. */
  boolean differsInRatioAlone(OperatingPoint other) {
    return model == other.model && expertsPerToken == other.expertsPerToken;
  }
}
