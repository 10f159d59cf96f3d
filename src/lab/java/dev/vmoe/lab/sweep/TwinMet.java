package dev.vmoe.lab.sweep;

import java.util.Comparator;
import java.util.Optional;

/**
 * The point of a V-MoE that meets its dense twin's accuracy with the fewest choices.
 *
 * @param point of the V-MoE: its mean accuracy on the split is at least the twin's
 * @param twin of the dense twin
 * @param split of the images
 */
public record TwinMet(EvaluatedPoint point, EvaluatedPoint twin, String split) {

  /** Returns the point of fewest choices that is as accurate on a split; empty if none is. */
  public static Optional<TwinMet> of(EvaluatedModel model, EvaluatedModel twin, String split) {
    EvaluatedPoint dense = twin.points().get(0);
    double wanted = accuracy(dense, split);
    return model.points().stream()
        .filter(point -> accuracy(point, split) >= wanted)
        .min(
            Comparator.comparingDouble(EvaluatedPoint::choices)
                .thenComparingDouble(point -> point.row().millisPerImage()))
        .map(point -> new TwinMet(point, dense, split));
  }

  private static double accuracy(EvaluatedPoint point, String split) {
    return point.split(split).accuracy().mean();
  }

  /** Returns the accuracy of the V-MoE. */
  public double accuracy() {
    return accuracy(point, split);
  }

  /** Returns the accuracy of the twin. */
  public double twinAccuracy() {
    return accuracy(twin, split);
  }
}
