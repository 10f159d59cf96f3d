package dev.vmoe.streams.instance;

import dev.vmoe.event.RegistryUnavailableException;
import java.time.Duration;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Failures of stream threads: what they are due to, and when a series of them is too long. Failures
 * belong to one series while each comes soon after the one before. A quiet time ends the series.
 */
final class ThreadFailures {

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
  ThreadFailures(int max, Duration quiet) {
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

  /** Returns whether no image can be the cause of a failure: brokers, registry or rights are. */
  static boolean besideImages(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof AuthenticationException
          || cause instanceof AuthorizationException
          || cause instanceof TimeoutException
          || cause instanceof DisconnectException
          || cause instanceof ProducerFencedException
          || cause instanceof InvalidProducerEpochException
          || cause instanceof InvalidTxnStateException
          || cause instanceof RegistryUnavailableException) {
        return true;
      }
    }
    return false;
  }
}
