package dev.vmoe.instance;

import java.time.Duration;

/**
 * How many failures in a series are too many. Failures belong to one series while each comes soon
 * after the one before; a while without any ends it.
 */
final class FailureBound {

  private final int most;
  private final Duration quiet;
  private int series;
  private long lastNanos;

  /**
   * Creates a bound.
   *
   * @param most failures of one series that are borne
   * @param quiet time without a failure that ends a series
   */
  FailureBound(int most, Duration quiet) {
    this.most = most;
    this.quiet = quiet;
  }

  /** Counts a failure at this time; returns whether its series is over the bound. */
  synchronized boolean exceededBy(long nowNanos) {
    if (series > 0 && nowNanos - lastNanos > quiet.toNanos()) {
      series = 0;
    }
    lastNanos = nowNanos;
    return ++series > most;
  }
}
