package dev.vmoe.core.capacity;

import dev.vmoe.core.moe.Routing;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * The operating points worth choosing, from the cheapest to the best: each costs more than the one
 * below it, and is more accurate.
 *
 * <p>A point is dropped if another one costs no more and is at least as good. Of points whose cost
 * differs by less than 2 %, the better stays: a survey cannot tell them apart. Of points whose
 * accuracy differs by less than a tenth of a point, the cheaper stays: a profile of some thousand
 * images cannot tell them apart.
 *
 * <p>Made of the surveyed cost, and not made again as the cost model learns: what is learnt is one
 * factor of all points, and leaves their order alone.
 *
 * @param rungs the points from the cheapest to the best; never empty
 * @param routing the routing of all rungs
 * @param batchImages images of a full batch
 */
public record Ladder(List<OperatingPoint> rungs, Routing routing, int batchImages) {

  /** Smallest difference in cost between two rungs, as a share. */
  public static final double SAME_COST = 0.02;

  /** Smallest difference in accuracy between two rungs: a tenth of a point. */
  public static final double SAME_ACCURACY = 0.001;

  public Ladder {
    rungs = List.copyOf(rungs);
    if (rungs.isEmpty() || batchImages < 1) {
      throw new IllegalArgumentException(
          "a ladder of " + rungs.size() + " points for batches of " + batchImages + " images");
    }
  }

  /**
   * Makes the ladder of the points, of whichever model, that are within the bounds and of which
   * cost and quality are known.
   *
   * @param batchImages batch size at which points are compared: the largest, because speed matters
   *     only when batches are full
   * @throws IllegalArgumentException if no point is left
   */
  public static Ladder of(
      CostModel cost,
      QualityProfile quality,
      Routing routing,
      int batchImages,
      PointBounds bounds) {
    record Candidate(OperatingPoint point, double accuracy, double seconds) {}
    List<Candidate> candidates =
        quality.within(bounds, routing).stream()
            .filter(cost::knows)
            .map(
                point ->
                    new Candidate(
                        point,
                        quality.accuracy(point, routing, batchImages),
                        cost.surveyedSeconds(point, batchImages)))
            .sorted(
                Comparator.comparingDouble((Candidate each) -> -each.accuracy())
                    .thenComparingDouble(Candidate::seconds))
            .toList();
    if (candidates.isEmpty()) {
      String known =
          "quality is known of " + quality.points(routing) + ", cost of " + cost.points();
      throw new IllegalArgumentException("no operating point within " + bounds + ": " + known);
    }
    Deque<Candidate> cheaper = new ArrayDeque<>();
    for (Candidate each : candidates) { // the best first
      if (cheaper.isEmpty() || each.seconds() < cheaper.getFirst().seconds() * (1 - SAME_COST)) {
        cheaper.addFirst(each);
      }
    }
    Deque<Candidate> better = new ArrayDeque<>();
    for (Candidate each : cheaper) {
      if (better.isEmpty() || each.accuracy() >= better.getLast().accuracy() + SAME_ACCURACY) {
        better.addLast(each);
      }
    }
    return new Ladder(better.stream().map(Candidate::point).toList(), routing, batchImages);
  }

  public OperatingPoint best() {
    return rungs.get(rungs.size() - 1);
  }

  public OperatingPoint cheapest() {
    return rungs.get(0);
  }

  /**
   * Returns the point this part of the way, 0 to 1, from a rung to the next better one, in
   * hundredths of the ratio; the rung itself where the next one is of another model or K.
   */
  public OperatingPoint between(int index, double part) {
    OperatingPoint low = rungs.get(index);
    OperatingPoint high = rungs.get(index + 1);
    double ratio = low.capacityRatio() + part * (high.capacityRatio() - low.capacityRatio());
    return low.differsInRatioAlone(high)
        ? new OperatingPoint(
            low.model(),
            Math.max(low.capacityRatio(), Math.floor(100 * ratio + 1e-9) / 100),
            low.expertsPerToken())
        : low;
  }
}
