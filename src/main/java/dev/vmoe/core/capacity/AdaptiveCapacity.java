package dev.vmoe.core.capacity;

/**
 * The most accurate operating point that may have the queue there is: the more a point gives up,
 * the longer a queue it may have. Arrivals are counted before they have become a queue.
 *
 * <p>With L the latency budget, b the images of the batch about to run, W those that wait behind
 * it, a the age of its oldest image, λ the arrivals a second, F a full batch, and for point i
 *
 * <pre>
 * xᵢ       = batch(i, F) / F                          seconds an image takes
 * givenᵢ   = (x_best − xᵢ) / (x_best − x_fastest)     0 at the best point, 1 at the fastest
 * driftᵢ   = (λ · xᵢ − 1) · min(1 s, L)               what the queue gains (or loses) meanwhile
 *
 * i holds if  W · x_best + driftᵢ ≤ givenᵢ · (L − run(i, b))  and  a + run(i, b) ≤ 0.95 · L
 * </pre>
 *
 * and the run ends within 0.95 of the time that is left to the most urgent deadline of the batch.
 *
 * <p>The most accurate point that holds is taken, between two rungs of the same K the ratio at
 * which it just holds; where none holds, the fastest. Nothing else is remembered: changing the
 * point costs nothing, so the queue does the averaging.
 *
 * <p>Under a steady load the queue settles where the point that keeps up just holds. A burst or a
 * slower machine shows in the drift before the queue grows, and its end before the queue is gone.
 */
public final class AdaptiveCapacity implements CapacityPolicy {

  /** Maximum time over which the drift of the queue is counted, in seconds. */
  private static final double MAX_HORIZON = 1;

  /** Share of the budget that the oldest image of a batch may have taken when it is answered. */
  private static final double OLDEST = 0.95;

  private static final double NANOS = 1e9;

  private final Ladder ladder;
  private final double budget;

  /** Creates a policy that chooses from these points and answers within this time. */
  public AdaptiveCapacity(Ladder ladder, LatencyBudget budget) {
    this.ladder = ladder;
    this.budget = budget.seconds();
  }

  @Override
  public Decision choose(Situation now) {
    double best = 1 / now.imagesPerSecond(ladder.best());
    double fastest = 1 / now.imagesPerSecond(ladder.cheapest());
    double excess = excess(now, ladder.best(), best, fastest);
    if (excess <= 0) {
      return now.decision(ladder.best(), ladder.routing(), "holds the best point");
    }
    for (int rung = ladder.rungs().size() - 2; rung >= 0; rung--) {
      double excessAbove = excess;
      excess = excess(now, ladder.rungs().get(rung), best, fastest);
      if (excess <= 0) {
        OperatingPoint holds = ladder.between(rung, -excess / (excessAbove - excess));
        return now.decision(holds, ladder.routing(), "follows queue and arrivals");
      }
    }
    return now.decision(ladder.cheapest(), ladder.routing(), "overloaded: no point is fast enough");
  }

  /** Returns by how much a point does not hold, in seconds; at most 0 where it holds. */
  private double excess(Situation now, OperatingPoint point, double best, double fastest) {
    double each = 1 / now.imagesPerSecond(point);
    double run = now.cost().runSeconds(point, now.sample().batchImages());
    double given = best > fastest ? (best - each) / (best - fastest) : 1;
    double drift = (now.load().arrivalsPerSecond() * each - 1) * Math.min(MAX_HORIZON, budget);
    double queue = now.imagesBehind() * best + drift - given * (budget - run);
    double oldest = now.sample().oldestAgeNanos() / NANOS + run - OLDEST * budget;
    double urgent = run - OLDEST * now.sample().leftNanos() / NANOS;
    return Math.max(queue, Math.max(oldest, urgent));
  }
}
