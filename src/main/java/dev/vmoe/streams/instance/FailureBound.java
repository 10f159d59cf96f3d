package dev.vmoe.streams.instance;

import java.time.Duration;

/**
 * Says when a series of failures is too long. Failures belong to one series while each comes soon
 * after the one before. A quiet time ends the series.
 */
final class FailureBound {

  private final int max;
  private final Duration quiet;
  private int series;
  private long lastNanos;

  /**
   * Creates a bound.
   *
   * @param max maximum failures of one series
   * @param quiet time without a failure that ends a series
   */
  FailureBound(int max, Duration quiet) {
    this.max = max;
    this.quiet = quiet;
  }

  /** Counts a failure at this time; returns whether its series is over the bound. */
  synchronized boolean exceededBy(long nowNanos) {
    if (series > 0 && nowNanos - lastNanos > quiet.toNanos()) {
      series = 0;
    }
    lastNanos = nowNanos;
    return ++series > max;
  }
}
