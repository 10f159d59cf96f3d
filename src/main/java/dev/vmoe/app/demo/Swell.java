package dev.vmoe.app.demo;

import dev.vmoe.app.client.Replay;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * A load that rises and falls slowly around what is attainable, to show how capacity follows it.
 *
 * <p>At time t it is {@code attainable · (low + (high − low) · (1 − cos(2πt / period)) / 2)} images
 * a second: it starts low.
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
   * @param attainable images a second that can be answered, above 0; read once a second
   * @param low minimum load, as a share of it
   * @param high maximum load, as a share of it
   * @param period from one maximum to the next
   */
  public Swell(DoubleSupplier attainable, double low, double high, Duration period) {
    this(attainable, low, high, period, System::nanoTime);
  }

  Swell(
      DoubleSupplier attainable, double low, double high, Duration period, LongSupplier nanoClock) {
    if (!(low > 0) || !(high >= low)) {
      throw new IllegalArgumentException(
          "a load from %s to %s: low has to be above 0 and at most high".formatted(low, high));
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

  /** Counts an image and returns the time until it is due; at most 0 if it is late. */
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
