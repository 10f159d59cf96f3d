package dev.vmoe.capacity;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The most accurate operating point that answers all waiting images in time.
 *
 * <p>With L the latency budget, b the images of the batch about to run, F those of a full batch, B
 * the images that wait (b included), λ the arrivals a second, λ⁺ their upper confidence bound, a
 * the age of the batch's oldest image, and for rung i of the ladder
 *
 * <pre>
 * μᵢ      = F / (run(i, F) + gap · F)                    throughput
 * delayᵢ  = run(i, b) + (B − b in full batches)          predicted time to clear the queue
 * growthᵢ = max(0, λ − 0.98·μᵢ) · horizon / μᵢ           what arrivals within the horizon add
 *
 * i holds   if  delayᵢ + growthᵢ ≤ 0.9·L  and  a + run(i, b) ≤ 0.9·L
 * i is safe if  delayᵢ ≤ 0.75·L  and  λ⁺ ≤ 0.97·μᵢ  and  a + run(i, b) ≤ 0.9·L
 * </pre>
 *
 * <pre>
 * down at once   if the rung in use does not hold: to the best rung i with
 *                delayᵢ + growthᵢ ≤ 0.75·L and a + run(i, b) ≤ 0.9·L, else to the fastest
 * up             to the best rung that was safe at every sample of a dwell
 * </pre>
 *
 * <ul>
 *   <li><b>Idle.</b> Nothing waits, batches are small: every rung is safe, the best is taken. A
 *       silence as long as a dwell counts as a dwell, so the first image after it gets the best.
 *   <li><b>Steady.</b> The rung in use stays while it holds: arrivals may reach its throughput. A
 *       better rung is safe only below 0.97 of its own throughput, by more than the noise of the
 *       count. Between these two limits the rung moves neither way.
 *   <li><b>Building up.</b> Arrivals exceed the throughput: growth shows it before the backlog
 *       does, and the new rung's throughput exceeds the arrivals.
 *   <li><b>Overloaded.</b> No rung holds: the fastest is taken until one does.
 *   <li><b>Draining.</b> Arrivals have fallen, the backlog has not: the rung stays until a better
 *       one has been safe for a dwell.
 *   <li><b>Stale reading.</b> It never raises quality, but still lowers it, as do the images inside
 *       the instance.
 *   <li><b>Blind.</b> The reading is stale or there was none, so images outside the instance are
 *       not seen. A full batch that waits at every sample for three quarters of a second is taken
 *       for the head of a long queue: the fastest rung, until it is gone.
 * </ul>
 */
public final class AdaptiveCapacity implements CapacityPolicy {

  /**
   * The first rung was surveyed as the fastest. Another one replaces it only if the first falls
   * below this share of its throughput, since learnt costs are noisy.
   */
  private static final double AS_FAST = 0.8;

  private static final long QUEUED_NANOS = 750_000_000L;

  private static final double NANOS = 1e9;

  private static final Hysteresis LIMITS = Hysteresis.DEFAULT;

  private final Ladder ladder;
  private final double budgetSeconds;

  /** Whether each rung above the one in use was safe at every sample since that time. */
  private final boolean[] safe;

  private final long[] safeSinceNanos;

  /** Since when at least a full batch has waited at every sample; null if it does not. */
  private @Nullable Long queuedSinceNanos;

  private int current;

  /**
   * Creates a policy that begins at the best point.
   *
   * @param ladder the points to choose from
   * @param budget the time to answer in
   */
  public AdaptiveCapacity(Ladder ladder, LatencyBudget budget) {
    this.ladder = ladder;
    this.budgetSeconds = budget.seconds();
    this.safe = new boolean[ladder.rungs().size()];
    this.safeSinceNanos = new long[safe.length];
    this.current = ladder.top();
  }

  @Override
  public Decision choose(Situation now) {
    DecisionReason reason = move(now);
    return now.decision(ladder.rung(current), ladder.routing(), reason.text());
  }

  /** Moves to the rung to use; returns why. */
  private DecisionReason move(Situation now) {
    DecisionReason trouble = trouble(now, current, LIMITS.downDelay());
    if (trouble != null) {
      Arrays.fill(safe, false);
      current = bestWithReserve(now);
      boolean holds = trouble(now, current, LIMITS.downDelay()) == null;
      return holds ? trouble : DecisionReason.OVERLOADED;
    }
    if (isBlindAndQueued(now)) {
      Arrays.fill(safe, false);
      current = fastest(now);
      return DecisionReason.BLIND;
    }
    followSafety(now);
    for (int rung = ladder.top(); rung > current; rung--) {
      long safeNanos = now.sample().nowNanos() - safeSinceNanos[rung];
      if (safe[rung] && safeNanos >= LIMITS.dwell().toNanos()) {
        current = rung;
        return DecisionReason.FALLEN;
      }
    }
    if (current == ladder.top()) {
      return DecisionReason.BEST;
    }
    return now.load().isStale() ? DecisionReason.STALE : DecisionReason.HOLDS;
  }

  /** Returns whether a full batch has waited long while the backlog is unknown. */
  private boolean isBlindAndQueued(Situation now) {
    long nowNanos = now.sample().nowNanos();
    if (now.sample().waitingImages() < ladder.batchImages()) {
      queuedSinceNanos = null;
    } else if (queuedSinceNanos == null) {
      queuedSinceNanos = nowNanos;
    }
    return !now.load().isCurrent()
        && queuedSinceNanos != null
        && nowNanos - queuedSinceNanos >= QUEUED_NANOS;
  }

  /** Returns the best rung that leaves a reserve for what may still come, else the fastest. */
  private int bestWithReserve(Situation now) {
    for (int rung = ladder.top(); rung >= 0; rung--) {
      if (trouble(now, rung, LIMITS.upDelay()) == null) {
        return rung;
      }
    }
    return fastest(now);
  }

  /** Returns the first rung, unless another has turned out to be clearly faster. */
  private int fastest(Situation now) {
    int fastest = 0;
    double needed = now.imagesPerSecond(ladder.rung(0)) / AS_FAST;
    for (int rung = 1; rung < safe.length; rung++) {
      double throughput = now.imagesPerSecond(ladder.rung(rung));
      if (throughput > needed) {
        fastest = rung;
        needed = throughput;
      }
    }
    return fastest;
  }

  /** Notes since when each rung above the one in use has been safe. */
  private void followSafety(Situation now) {
    for (int rung = 0; rung < safe.length; rung++) {
      boolean safeNow = rung > current && !now.load().isStale() && isSafe(now, rung);
      if (safeNow && !safe[rung]) {
        safeSinceNanos[rung] = now.sample().nowNanos() - now.silenceNanos();
      }
      safe[rung] = safeNow;
    }
  }

  private boolean isSafe(Situation now, int rung) {
    OperatingPoint point = ladder.rung(rung);
    return now.delaySeconds(point) <= LIMITS.upDelay() * budgetSeconds
        && now.load().arrivalsUpperBound() <= LIMITS.upLoad() * now.imagesPerSecond(point)
        && oldestInTime(now, point);
  }

  /** Returns why a rung needs more than this share of the budget, or null. */
  private @Nullable DecisionReason trouble(Situation now, int rung, double share) {
    OperatingPoint point = ladder.rung(rung);
    double delay = now.delaySeconds(point);
    if (delay > share * budgetSeconds) {
      return DecisionReason.BACKLOG;
    }
    if (delay + growthSeconds(now, point) > share * budgetSeconds) {
      return DecisionReason.ARRIVALS;
    }
    return oldestInTime(now, point) ? null : DecisionReason.WAITED;
  }

  private static double growthSeconds(Situation now, OperatingPoint point) {
    double throughput = now.imagesPerSecond(point);
    double excess = now.load().arrivalsPerSecond() - LIMITS.downLoad() * throughput;
    return Math.max(0, excess) * LIMITS.horizon().toNanos() / NANOS / throughput;
  }

  private boolean oldestInTime(Situation now, OperatingPoint point) {
    Sample sample = now.sample();
    double answered =
        sample.oldestAgeNanos() / NANOS + now.cost().runSeconds(point, sample.batchImages());
    return answered <= LIMITS.downDelay() * budgetSeconds;
  }

  /** Why the point is what it is. */
  private enum DecisionReason {
    BEST("holds the best point"),
    HOLDS("holds"),
    STALE("holds: the reading of the load is old"),
    BACKLOG("backlog needs a faster point"),
    ARRIVALS("arrivals exceed the throughput"),
    BLIND("images wait and the load is not known"),
    WAITED("images have waited long"),
    OVERLOADED("overloaded: no point is fast enough"),
    FALLEN("load has fallen");

    private final String text;

    DecisionReason(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }
}
