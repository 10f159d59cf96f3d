package dev.vmoe.demo;

import dev.vmoe.client.Replay;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * An offered load that rises and falls slowly around what is attainable, so that a pipeline whose
 * capacity follows the load can be watched doing so.
 *
 * <p>At time t it is {@code attainable · (low + (high − low) · (1 − cos(2πt / period)) / 2)} images
 * a second: low at first.
 */
public final class Swell implements Replay.Tempo {

  private final DoubleSupplier attainable;
  private final double low;
  private final double high;
  private final Duration period;
  private final LongSupplier nanoClock;
  private long startNanos;
  private long dueNanos;
  private boolean started;
  private double rate;
  private long askedNanos;

  /**
   * Creates a load that begins with its first image.
   *
   * @param attainable images a second that can be answered, above 0; asked once a second
   * @param low part of it that is offered at least
   * @param high part of it that is offered at most
   * @param period from one crest to the next
   */
  public Swell(DoubleSupplier attainable, double low, double high, Duration period) {
    this(attainable, low, high, period, System::nanoTime);
  }

  Swell(
      DoubleSupplier attainable, double low, double high, Duration period, LongSupplier nanoClock) {
    if (!(low > 0) || !(high >= low)) {
      throw new IllegalArgumentException("a load from %s to %s".formatted(low, high));
    }
    this.attainable = attainable;
    this.low = low;
    this.high = high;
    this.period = period;
    this.nanoClock = nanoClock;
  }

  @Override
  public void awaitNext() throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(nanosUntilNext());
  }

  /** Counts an image and returns how long it is until it is due; not above 0 if it is late. */
  long nanosUntilNext() {
    long now = nanoClock.getAsLong();
    if (!started) {
      started = true;
      startNanos = now;
      dueNanos = now;
      ask(now);
      return 0;
    }
    if (now - askedNanos > TimeUnit.SECONDS.toNanos(1)) {
      ask(now);
    }
    double phase = 2 * Math.PI * (dueNanos - startNanos) / period.toNanos();
    double share = low + (high - low) * (1 - Math.cos(phase)) / 2;
    dueNanos += Math.round(1e9 / (share * rate));
    return dueNanos - now;
  }

  private void ask(long now) {
    rate = attainable.getAsDouble();
    askedNanos = now;
  }
}
