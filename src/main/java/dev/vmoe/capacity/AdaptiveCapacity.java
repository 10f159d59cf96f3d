package dev.vmoe.capacity;

import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The best operating point at which everything that waits is answered in time.
 *
 * <p>With L the target latency less what every image costs beside waiting and running, b the images
 * of the batch about to run, F those of a full batch, B the images that wait (b included), λ the
 * arrivals a second, λ⁺ what they are hardly above, a the age of the batch's oldest image, and for
 * rung i of the ladder
 *
 * <pre>
 * μᵢ      = F / (run(i, F) + gap · F)                    throughput
 * delayᵢ  = run(i, b) + (B − b in full batches)          the last image that waits now
 * growthᵢ = max(0, λ − 0.98·μᵢ) · horizon / μᵢ           what comes on top if arrivals go on
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
 *       silence of a dwell counts as a dwell, so that the first image after it gets the best.
 *   <li><b>Steady.</b> The rung in use stays while it holds, which allows arrivals up to its
 *       throughput; one above is safe only below 0.97 of its own, by more than the noise of the
 *       count. Between the two lies the band where neither move is made.
 *   <li><b>Building up.</b> Arrivals pass the throughput: growth tells before the backlog does, and
 *       the new rung is one whose throughput exceeds the arrivals.
 *   <li><b>Overloaded.</b> No rung holds: the fastest, until one does.
 *   <li><b>Draining.</b> Arrivals have fallen, the backlog has not: the rung stays until a better
 *       one has been safe for a dwell.
 * </ul>
 *
 * <p>While the instance holds all that waits, λ is what has just come into it, and λ⁺ their mean
 * since they last changed with two standard deviations on top: the longer arrivals are steady, the
 * less. A burst shows there, and its end, before it is read. While images wait outside, the reading
 * counts, whose noise is that of a second.
 *
 * <p>A stale reading of the load never raises. It still lowers, as do the images in the instance.
 * Where the load was never read, the instance's own images decide alone. In both cases images
 * beyond those that the instance takes in are not seen, so a full batch that waits throughout a
 * long time is taken for the head of a long queue: the fastest point, until it is gone.
 *
 * <p>Learns nothing of cost by itself: wrap it into {@link ObservedCapacity}.
 */
public final class AdaptiveCapacity implements CapacityController {

  /**
   * The rung that the survey found fastest stays the fastest unless its throughput falls below this
   * share of another's: what is learnt of a point holds the moment's noise, too.
   */
  private static final double AS_FAST = 0.8;

  /** A full batch that waits for so long is taken for the head of a queue that nobody sees. */
  private static final long QUEUED_NANOS = 750_000_000L;

  private static final double NANOS = 1e9;

  private final CostModel cost;
  private final Ladder ladder;
  private final Hysteresis hysteresis;
  private final LoadEstimate estimate;
  private final double limitSeconds;
  private final long staleNanos;
  private final long dwellNanos;
  private final double horizonSeconds;

  /**
   * Since when each rung has been safe at every sample; meaningless where it is not {@link #safe}.
   */
  private final long[] safeSinceNanos;

  private final boolean[] safe;

  /** Since when at least a full batch has waited at every sample; null if it does not. */
  private @Nullable Long busySinceNanos;

  private @Nullable Sample previous;
  private int current;

  /**
   * Creates a controller that begins at the best point.
   *
   * @param cost cost of every rung
   * @param ladder the points to choose from
   * @param target longest time from when an image is sent to when its prediction can be read
   * @param overhead the part of it that no operating point changes: commit interval and transport
   * @param hysteresis how soon down and how late up
   * @throws IllegalArgumentException if the overhead leaves nothing of the target
   */
  public AdaptiveCapacity(
      CostModel cost, Ladder ladder, Duration target, Duration overhead, Hysteresis hysteresis) {
    this.cost = cost;
    this.ladder = ladder;
    this.hysteresis = hysteresis;
    this.estimate = new LoadEstimate(hysteresis.staleAfter());
    this.limitSeconds = limitSeconds(target, overhead);
    this.staleNanos = hysteresis.staleAfter().toNanos();
    this.dwellNanos = hysteresis.dwell().toNanos();
    this.horizonSeconds = hysteresis.horizon().toNanos() / NANOS;
    this.safe = new boolean[ladder.rungs().size()];
    this.safeSinceNanos = new long[safe.length];
    this.current = ladder.top();
  }

  /** Returns what the overhead leaves of the target, in seconds. */
  static double limitSeconds(Duration target, Duration overhead) {
    Duration limit = target.minus(overhead);
    if (overhead.isNegative() || limit.isNegative() || limit.isZero()) {
      throw new IllegalArgumentException(
          String.format(
              "a target latency of %d ms, of which %d ms pass whatever the operating point",
              target.toMillis(), overhead.toMillis()));
    }
    return limit.toNanos() / NANOS;
  }

  @Override
  public Decision decide(Sample sample) {
    Load load = estimate.carriedTo(sample);
    Reason reason = choose(new Moment(sample, load));
    previous = sample;
    OperatingPoint point = ladder.rung(current);
    double delay = new Moment(sample, load).delaySeconds(current);
    return new Decision(point, ladder.routing(), reason.text(), Math.round(delay * NANOS), null);
  }

  private Reason choose(Moment now) {
    Reason trouble = now.trouble(current);
    if (trouble != null) {
      Arrays.fill(safe, false);
      current = bestWithReserve(now);
      return now.trouble(current) == null ? trouble : Reason.OVERLOADED;
    }
    if (blindAndBusy(now)) {
      Arrays.fill(safe, false);
      current = fastest();
      return Reason.BLIND;
    }
    boolean stale = now.stale();
    followSafety(now, stale);
    for (int rung = ladder.top(); rung > current; rung--) {
      if (safe[rung] && now.sample.nowNanos() - safeSinceNanos[rung] >= dwellNanos) {
        current = rung;
        return Reason.FALLEN;
      }
    }
    if (current == ladder.top()) {
      return Reason.BEST;
    }
    return stale ? Reason.STALE : Reason.HOLDS;
  }

  /** Whether more images than one batch have long waited, and nobody knows how many more. */
  private boolean blindAndBusy(Moment now) {
    long nowNanos = now.sample.nowNanos();
    if (now.sample.waitingImages() < ladder.batchImages()) {
      busySinceNanos = null;
    } else if (busySinceNanos == null) {
      busySinceNanos = nowNanos;
    }
    return now.load.ageNanos() > staleNanos
        && busySinceNanos != null
        && nowNanos - busySinceNanos >= QUEUED_NANOS;
  }

  /** The best rung that leaves a reserve for what may still come, else the fastest. */
  private int bestWithReserve(Moment now) {
    for (int rung = ladder.top(); rung >= 0; rung--) {
      if (now.trouble(rung, hysteresis.upDelay()) == null) {
        return rung;
      }
    }
    return fastest();
  }

  /** The first rung, unless another has turned out to be clearly faster. */
  private int fastest() {
    int fastest = 0;
    double needed = throughput(0) / AS_FAST;
    for (int rung = 1; rung < safe.length; rung++) {
      if (throughput(rung) > needed) {
        fastest = rung;
        needed = throughput(rung);
      }
    }
    return fastest;
  }

  private double throughput(int rung) {
    return cost.imagesPerSecond(ladder.rung(rung), ladder.batchImages());
  }

  /** Notes since when each rung above the one in use has been safe. */
  private void followSafety(Moment now, boolean stale) {
    for (int rung = 0; rung < safe.length; rung++) {
      boolean safeNow = rung > current && !stale && now.safe(rung);
      if (safeNow && !safe[rung]) {
        safeSinceNanos[rung] = now.sample.nowNanos() - now.silenceNanos();
      }
      safe[rung] = safeNow;
    }
  }

  /** Why the point is what it is. */
  private enum Reason {
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

    Reason(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  /** A sample with the load at its time. */
  private final class Moment {

    final Sample sample;
    final Load load;

    Moment(Sample sample, Load load) {
      this.sample = sample;
      this.load = load;
    }

    boolean stale() {
      return load.ageNanos() > staleNanos && load.ageNanos() != Long.MAX_VALUE;
    }

    double delaySeconds(int rung) {
      OperatingPoint point = ladder.rung(rung);
      long behind = Math.max(0, load.backlogImages() - sample.batchImages());
      return cost.runSeconds(point, sample.batchImages())
          + cost.backlogSeconds(point, behind, ladder.batchImages());
    }

    private double growthSeconds(int rung) {
      double throughput = throughput(rung);
      double excess = estimate.arrivalsNow(load) - hysteresis.downLoad() * throughput;
      return Math.max(0, excess) * horizonSeconds / throughput;
    }

    private boolean oldestInTime(int rung) {
      double answered =
          sample.oldestAgeNanos() / NANOS
              + cost.runSeconds(ladder.rung(rung), sample.batchImages());
      return answered <= hysteresis.downDelay() * limitSeconds;
    }

    /** Returns why a rung does not hold, or null. */
    @Nullable Reason trouble(int rung) {
      return trouble(rung, hysteresis.downDelay());
    }

    /** Returns why a rung needs more than this share of the target, or null. */
    @Nullable Reason trouble(int rung, double share) {
      double delay = delaySeconds(rung);
      if (delay > share * limitSeconds) {
        return Reason.BACKLOG;
      }
      if (delay + growthSeconds(rung) > share * limitSeconds) {
        return Reason.ARRIVALS;
      }
      return oldestInTime(rung) ? null : Reason.WAITED;
    }

    boolean safe(int rung) {
      return delaySeconds(rung) <= hysteresis.upDelay() * limitSeconds
          && estimate.arrivalsAtMost(load) <= hysteresis.upLoad() * throughput(rung)
          && oldestInTime(rung);
    }

    /** Returns how long the instance had nothing at all before this batch's first image came. */
    long silenceNanos() {
      if (previous == null || sample.lastRun() == null) {
        return 0;
      }
      long ranUntil = previous.nowNanos() + sample.lastRun().nanos();
      return Math.max(0, sample.nowNanos() - sample.oldestAgeNanos() - ranUntil);
    }
  }
}
