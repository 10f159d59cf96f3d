package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.CapacityPolicy;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.Ladder;
import dev.vmoe.core.capacity.LatencyBudget;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.Situation;

/**
 * Capacity that falls in proportion to the backlog: a baseline that predicts nothing but the
 * throughput of the best point.
 *
 * <p>With L the latency budget, B the images that wait behind the batch about to run, μ the
 * throughput of the best point, and s = capacity ratio · K the slots a token of a point,
 *
 * <pre>
 * delay = B / μ
 * s     = s(best) − (s(best) − s(cheapest)) · min(1, delay / L)
 * </pre>
 *
 * and the point whose slots a token are nearest to s is taken. It ignores arrivals and the past. So
 * at a steady load above μ it settles where the backlog is as long as the point that keeps up with
 * it needs: it pays for throughput with latency.
 */
public final class ProportionalCapacity implements CapacityPolicy {

  private static final String REASON = "in proportion to the backlog";

  private final Ladder ladder;
  private final double budgetSeconds;

  /**
   * Creates a policy.
   *
   * @param ladder the points to choose from
   * @param budget the time to answer in
   */
  public ProportionalCapacity(Ladder ladder, LatencyBudget budget) {
    this.ladder = ladder;
    this.budgetSeconds = budget.seconds();
  }

  @Override
  public Decision choose(Situation now) {
    OperatingPoint best = ladder.best();
    double delay = now.imagesBehind() / now.imagesPerSecond(best);
    double most = slotsPerToken(best);
    double least = slotsPerToken(ladder.cheapest());
    OperatingPoint point = nearest(most - (most - least) * Math.min(1, delay / budgetSeconds));
    return now.decision(point, ladder.routing(), REASON);
  }

  private OperatingPoint nearest(double slots) {
    OperatingPoint nearest = ladder.best();
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
