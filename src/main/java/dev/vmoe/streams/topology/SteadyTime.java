package dev.vmoe.streams.topology;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time that Kafka Streams punctuates and commits by: the system clock's, but it never goes
 * back. Where the system clock does, this one runs at half speed until both agree.
 *
 * <p>Kafka Streams compares the system clock with the time of its last commit. After a step back by
 * a minute it would neither emit nor commit for a minute, and transactions would time out.
 */
public final class SteadyTime {

  /** A smaller difference between the clocks is their drift, or a thread that had to wait. */
  private static final Duration STEP = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(SteadyTime.class);

  private final LongSupplier wallMillis;
  private final LongSupplier nanos;
  private long lastWallNanos;
  private long lastNanos;
  private long steadyNanos;

  /** Follows the clocks of the system. */
  public SteadyTime() {
    this(System::currentTimeMillis, System::nanoTime);
  }

  /**
   * Follows other clocks.
   *
   * @param wallMillis milliseconds since 1970; may step
   * @param nanos nanoseconds since any time; never goes back
   */
  public SteadyTime(LongSupplier wallMillis, LongSupplier nanos) {
    this.wallMillis = wallMillis;
    this.nanos = nanos;
    lastNanos = nanos.getAsLong();
    lastWallNanos = TimeUnit.MILLISECONDS.toNanos(wallMillis.getAsLong());
    steadyNanos = lastWallNanos;
  }

  /** Returns milliseconds since 1970 that never go back. */
  public synchronized long milliseconds() {
    long nowNanos = nanos.getAsLong();
    long wallNanos = TimeUnit.MILLISECONDS.toNanos(wallMillis.getAsLong());
    long elapsed = nowNanos - lastNanos;
    warnOfStep(Duration.ofNanos(wallNanos - lastWallNanos - elapsed));
    steadyNanos = Math.max(wallNanos, steadyNanos + elapsed / 2);
    lastNanos = nowNanos;
    lastWallNanos = wallNanos;
    return TimeUnit.NANOSECONDS.toMillis(steadyNanos);
  }

  private static void warnOfStep(Duration step) {
    if (step.abs().compareTo(STEP) < 0) {
      return;
    }
    if (step.isNegative()) {
      log.warn(
          "the system clock went back by {} ms. Images are emitted and committed all the same; but"
              + " Kafka's clients send heartbeats by that clock, so this instance may lose its"
              + " partitions to others for as long. Let the clock be slewed, not stepped",
          -step.toMillis());
    } else {
      log.warn("the system clock went forward by {} ms, or this machine slept", step.toMillis());
    }
  }

  /** Returns nanoseconds since any time. */
  public long nanoseconds() {
    return nanos.getAsLong();
  }
}
