package dev.vmoe.capacity;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The operating points that a controller may choose, both ends included.
 *
 * @param minRatio smallest capacity ratio, above 0
 * @param maxRatio largest capacity ratio
 * @param minExpertsPerToken smallest K, at least 1
 * @param maxExpertsPerToken largest K
 */
public record PointBounds(
    double minRatio, double maxRatio, int minExpertsPerToken, int maxExpertsPerToken) {

  /** Rejects bounds that no point can keep. */
  public PointBounds {
    if (!(minRatio > 0 && minRatio <= maxRatio)) {
      throw new IllegalArgumentException(
          "capacity ratios from " + minRatio + " to " + maxRatio + ": need 0 < smallest ≤ largest");
    }
    if (minExpertsPerToken < 1 || minExpertsPerToken > maxExpertsPerToken) {
      throw new IllegalArgumentException(
          String.format(
              "experts per token from %d to %d: need 1 ≤ smallest ≤ largest",
              minExpertsPerToken, maxExpertsPerToken));
    }
  }

  /** Returns the smallest and the largest ratio at each K. */
  List<OperatingPoint> corners() {
    return IntStream.rangeClosed(minExpertsPerToken, maxExpertsPerToken)
        .boxed()
        .flatMap(k -> Stream.of(new OperatingPoint(minRatio, k), new OperatingPoint(maxRatio, k)))
        .toList();
  }

  /** Returns whether a point is within the bounds. */
  public boolean contains(OperatingPoint point) {
    return point.capacityRatio() >= minRatio
        && point.capacityRatio() <= maxRatio
        && point.expertsPerToken() >= minExpertsPerToken
        && point.expertsPerToken() <= maxExpertsPerToken;
  }
}
