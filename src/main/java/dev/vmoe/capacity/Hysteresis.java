package dev.vmoe.capacity;

import java.time.Duration;

/**
 * Limits at which {@link AdaptiveCapacity} changes to a faster point and back to a better one. The
 * gap between the two tests keeps it from oscillating.
 *
 * @param downLoad share of a point's throughput that arrivals may take before the backlog counts as
 *     growing
 * @param downDelay share of the target that the delay may reach before a faster point is taken
 * @param upLoad share of a better point's throughput that arrivals may take when it is chosen
 * @param upDelay share of the target that the delay may reach at a point when it is chosen, on the
 *     way up or down
 * @param dwell how long the stricter test has to hold without a break
 * @param horizon how far ahead arrivals above the throughput are counted into the delay
 */
public record Hysteresis(
    double downLoad,
    double downDelay,
    double upLoad,
    double upDelay,
    Duration dwell,
    Duration horizon) {

  /** Found by simulation, with a reading of the load every half second. */
  public static final Hysteresis DEFAULT =
      new Hysteresis(0.98, 0.9, 0.97, 0.75, Duration.ofMillis(250), Duration.ofSeconds(1));

  /** Rejects shares that would let a point be left and taken again at the same load. */
  public Hysteresis {
    if (!(0 < upLoad && upLoad < downLoad && downLoad <= 1)) {
      throw new IllegalArgumentException(
          "shares of the throughput: need 0 < up " + upLoad + " < down " + downLoad + " ≤ 1");
    }
    if (!(0 < upDelay && upDelay < downDelay && downDelay <= 1)) {
      throw new IllegalArgumentException(
          "shares of the target: need 0 < up " + upDelay + " < down " + downDelay + " ≤ 1");
    }
    if (dwell.isNegative() || horizon.isNegative()) {
      throw new IllegalArgumentException(
          String.format("dwell %s or horizon %s is negative", dwell, horizon));
    }
  }
}
