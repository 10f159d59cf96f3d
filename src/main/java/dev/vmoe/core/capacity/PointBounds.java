package dev.vmoe.core.capacity;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The operating points that a controller may choose, both ends included; the same for each model.
 *
 * @param minRatio smallest capacity ratio, above 0
 * @param maxRatio largest capacity ratio
 * @param minExpertsPerToken smallest K, at least 1
 * @param maxExpertsPerToken largest K
 * @param unbound models of which every point may be chosen: a dense one has no ratio and no K
 */
public record PointBounds(
    double minRatio,
    double maxRatio,
    int minExpertsPerToken,
    int maxExpertsPerToken,
    Set<Integer> unbound) {

  /** Rejects bounds that no point can keep; copies the set. */
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
    unbound = Set.copyOf(unbound);
  }

  /** Creates bounds of every model. */
  public PointBounds(
      double minRatio, double maxRatio, int minExpertsPerToken, int maxExpertsPerToken) {
    this(minRatio, maxRatio, minExpertsPerToken, maxExpertsPerToken, Set.of());
  }

  /** Returns the smallest and the largest ratio at each K of a model. */
  List<OperatingPoint> corners(int model) {
    return IntStream.rangeClosed(minExpertsPerToken, maxExpertsPerToken)
        .boxed()
        .flatMap(
            k ->
                Stream.of(
                    new OperatingPoint(model, minRatio, k), new OperatingPoint(model, maxRatio, k)))
        .toList();
  }

  /** Returns whether a point is within the bounds. */
  public boolean contains(OperatingPoint point) {
    return unbound.contains(point.model())
        || (point.capacityRatio() >= minRatio
            && point.capacityRatio() <= maxRatio
            && point.expertsPerToken() >= minExpertsPerToken
            && point.expertsPerToken() <= maxExpertsPerToken);
  }
}
