package dev.vmoe.app.client;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * An even offered load: the n-th step is due n/rate seconds after the first, however long the
 * others took. A sender that falls behind catches up.
 */
public final class Pace {

  private final double perSecond;
  private final LongSupplier nanoTime;
  private long startNanos;
  private long steps;

  /**
   * Creates a pace that begins with its first step.
   *
   * @param perSecond steps a second, above 0; infinity never waits
   */
  public Pace(double perSecond) {
    this(perSecond, System::nanoTime);
  }

  Pace(double perSecond, LongSupplier nanoTime) {
    if (!(perSecond > 0)) {
      throw new IllegalArgumentException("rate " + perSecond + " is not above 0 a second");
    }
    this.perSecond = perSecond;
    this.nanoTime = nanoTime;
  }

  /** Waits until the next step is due. */
  public void awaitNext() throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(nanosUntilNext());
  }

  /** Counts a step and returns how long it is until it is due; not above 0 if it is late. */
  long nanosUntilNext() {
    long now = nanoTime.getAsLong();
    if (steps == 0) {
      startNanos = now;
    }
    long due = startNanos + Math.round(steps * (TimeUnit.SECONDS.toNanos(1) / perSecond));
    steps++;
    return due - now;
  }
}
