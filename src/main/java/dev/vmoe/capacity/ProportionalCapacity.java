package dev.vmoe.capacity;

import java.time.Duration;

/**
 * Capacity that falls in proportion to the backlog: a baseline that needs no prediction but the
 * throughput of the best point.
 *
 * <p>With L the target latency less the overhead, B the images that wait behind the batch about to
 * run, μ the throughput of the best point, and s = capacity ratio · K the slots a token of a point,
 *
 * <pre>
 * delay = B / μ
 * s     = s(best) − (s(best) − s(cheapest)) · min(1, delay / L)
 * </pre>
 *
 * and the point whose slots a token are nearest to s is taken. It looks neither at arrivals nor
 * back in time: at a steady load above μ it settles where the backlog is as long as the point that
 * keeps up with it needs, so it pays for throughput with latency.
 */
public final class ProportionalCapacity implements CapacityController {

  private static final String REASON = "in proportion to the backlog";
  private static final double NANOS = 1e9;

  private final CostModel cost;
  private final Ladder ladder;
  private final LoadEstimate estimate;
  private final double limitSeconds;

  /**
   * Creates a controller.
   *
   * @param cost cost of every rung
   * @param ladder the points to choose from
   * @param target longest time from when an image is sent to when its prediction can be read
   * @param overhead the part of it that no operating point changes
   * @throws IllegalArgumentException if the overhead leaves nothing of the target
   */
  public ProportionalCapacity(CostModel cost, Ladder ladder, Duration target, Duration overhead) {
    this.cost = cost;
    this.ladder = ladder;
    this.estimate = new LoadEstimate(Hysteresis.DEFAULT.staleAfter());
    this.limitSeconds = AdaptiveCapacity.limitSeconds(target, overhead);
  }

  @Override
  public Decision decide(Sample sample) {
    long backlog = estimate.carriedTo(sample).backlogImages();
    long behind = Math.max(0, backlog - sample.batchImages());
    double throughput = cost.imagesPerSecond(ladder.rung(ladder.top()), ladder.batchImages());
    double most = slotsPerToken(ladder.rung(ladder.top()));
    double least = slotsPerToken(ladder.rung(0));
    OperatingPoint point =
        nearest(most - (most - least) * Math.min(1, behind / throughput / limitSeconds));
    double delay =
        cost.runSeconds(point, sample.batchImages())
            + cost.backlogSeconds(point, behind, ladder.batchImages());
    return new Decision(point, ladder.routing(), REASON, Math.round(delay * NANOS), null);
  }

  private OperatingPoint nearest(double slots) {
    OperatingPoint nearest = ladder.rung(ladder.top());
    for (OperatingPoint point : ladder.rungs()) {
      if (Math.abs(slotsPerToken(point) - slots) < Math.abs(slotsPerToken(nearest) - slots)) {
        nearest = point;
      }
    }
    return nearest;
  }

  private static double slotsPerToken(OperatingPoint point) {
    return point.capacityRatio() * point.expertsPerToken();
  }
}
