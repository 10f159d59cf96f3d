package dev.vmoe.lab.overload;

import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.lab.sweep.SweepRow;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How accurate operating points are on the images that are sent, and what counts as full quality: a
 * point need not process as much as the full one to be as good.
 *
 * @param accuracies accuracy by point, 0 to 1
 * @param full accuracy of full quality
 */
public record Quality(Map<OperatingPoint, Double> accuracies, double full) {

  /** A smaller loss of accuracy counts as full quality. */
  private static final double AS_GOOD = 0.005;

  /** Copies the map. */
  public Quality {
    accuracies = Map.copyOf(accuracies);
  }

  /**
   * Returns the quality of evaluated points.
   *
   * @param rows evaluated points, full quality among them
   */
  public static Quality of(List<SweepRow> rows, OperatingPoint full) {
    Map<OperatingPoint, Double> accuracies = new HashMap<>();
    for (SweepRow row : rows) {
      accuracies.put(OverloadPolicies.point(row.point().settings()), row.accuracy());
    }
    Double best = accuracies.get(full);
    if (best == null) {
      throw new IllegalArgumentException(full + " was not evaluated, only " + accuracies.keySet());
    }
    return new Quality(accuracies, best);
  }

  /**
   * Returns the accuracy to expect of an answer; of an unknown point, that of the answer itself.
   */
  double expected(TraceOutcome outcome, int image) {
    double k = outcome.expertsPerToken(image);
    return k < 1 || k != Math.rint(k)
        ? outcome.correct(image)
        : accuracies.getOrDefault(
            new OperatingPoint(outcome.capacityRatio(image), (int) k), outcome.correct(image));
  }

  /** Returns the minimum mean accuracy that counts as full quality. */
  double enough() {
    return full - AS_GOOD;
  }
}
