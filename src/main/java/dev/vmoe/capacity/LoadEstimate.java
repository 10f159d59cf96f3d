package dev.vmoe.capacity;

import java.time.Duration;

/**
 * The load at the time of a sample.
 *
 * @param backlogImages images sent and not yet answered
 * @param arrivalsPerSecond arrival rate λ
 * @param arrivalsUpperBound upper confidence bound λ⁺ of the arrival rate, two standard deviations
 *     above the mean
 * @param ageNanos time since the load was read, in nanoseconds; {@link Long#MAX_VALUE} if it never
 *     was
 */
public record LoadEstimate(
    long backlogImages, double arrivalsPerSecond, double arrivalsUpperBound, long ageNanos) {

  /** Age from which on a reading no longer describes the present. */
  static final long STALE_NANOS = Duration.ofSeconds(2).toNanos();

  /** Returns whether the load was read within the last two seconds. */
  public boolean isCurrent() {
    return ageNanos <= STALE_NANOS;
  }

  /** Returns whether the load was read, but too long ago. */
  public boolean isStale() {
    return !isCurrent() && ageNanos != Long.MAX_VALUE;
  }
}
