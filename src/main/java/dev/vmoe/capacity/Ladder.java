package dev.vmoe.capacity;

import dev.vmoe.moe.Routing;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The operating points worth choosing, from the cheapest to the best: each costs more than the one
 * below it, and is more accurate.
 *
 * <p>A point is dropped if another one costs no more and is at least as good. Of points whose cost
 * differs by less than {@value #SAME_COST}, the better stays: a survey cannot tell them apart, and
 * a step that gains no speed is a change for nothing. Of points whose accuracy differs by less than
 * {@value #SAME_ACCURACY}, the cheaper stays: a profile of some thousand images cannot tell them
 * apart, and the time is worth more where a backlog builds up.
 *
 * <p>Made of the surveyed cost, and not made again as the cost model learns. What is learnt of all
 * points at once leaves their order alone; a point that was dropped never runs, so nothing more is
 * learnt of it; and a rung that turns out slower than a better one is passed over by a controller
 * that looks for the best rung first.
 */
public final class Ladder {

  /** Smallest difference in cost between two rungs, as a share. */
  public static final double SAME_COST = 0.02;

  /** Smallest difference in accuracy between two rungs: a tenth of a point. */
  public static final double SAME_ACCURACY = 0.001;

  private final List<OperatingPoint> rungs;
  private final Routing routing;
  private final int batchImages;

  private Ladder(List<OperatingPoint> rungs, Routing routing, int batchImages) {
    this.rungs = rungs;
    this.routing = routing;
    this.batchImages = batchImages;
  }

  /**
   * Makes the ladder of the points that are within the bounds and of which cost and quality are
   * known.
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
    List<OperatingPoint> candidates =
        quality.points().stream()
            .filter(bounds::contains)
            .filter(cost.points()::contains)
            .sorted(
                Comparator.<OperatingPoint>comparingDouble(
                        point -> -quality.accuracy(point, routing, batchImages))
                    .thenComparingDouble(point -> cost.surveyedSeconds(point, batchImages)))
            .toList();
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "no operating point within %s: quality is known of %s, cost of %s",
              bounds, quality.points(), cost.points()));
    }
    List<OperatingPoint> rungs = new ArrayList<>();
    double cheapest = Double.POSITIVE_INFINITY;
    for (OperatingPoint point : candidates) { // the best first
      double seconds = cost.surveyedSeconds(point, batchImages);
      if (seconds < cheapest * (1 - SAME_COST)) {
        rungs.add(point);
        cheapest = seconds;
      }
    }
    Collections.reverse(rungs);
    return new Ladder(
        better(rungs, point -> quality.accuracy(point, routing, batchImages)),
        routing,
        batchImages);
  }

  /** Leaves out points that are not more accurate than the last one kept, by the tolerance. */
  private static List<OperatingPoint> better(
      List<OperatingPoint> cheapestFirst, ToDoubleFunction<OperatingPoint> accuracy) {
    List<OperatingPoint> rungs = new ArrayList<>();
    for (OperatingPoint point : cheapestFirst) {
      if (rungs.isEmpty()
          || accuracy.applyAsDouble(point)
              >= accuracy.applyAsDouble(rungs.get(rungs.size() - 1)) + SAME_ACCURACY) {
        rungs.add(point);
      }
    }
    return List.copyOf(rungs);
  }

  /** Returns the points from the cheapest to the best; never empty. */
  public List<OperatingPoint> rungs() {
    return rungs;
  }

  /** Returns the point of a rung; 0 is the cheapest. */
  public OperatingPoint rung(int index) {
    return rungs.get(index);
  }

  /** Returns the index of the best rung. */
  public int top() {
    return rungs.size() - 1;
  }

  /** Returns the routing of all rungs. */
  public Routing routing() {
    return routing;
  }

  /** Returns the images of a full batch. */
  public int batchImages() {
    return batchImages;
  }
}
