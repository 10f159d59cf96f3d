package dev.vmoe.streams.tracing;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * One moment on two clocks: the wall clock that dates spans, and the clock that measures durations.
 *
 * @param epochNanos nanoseconds since 1970
 * @param nanoTime {@link System#nanoTime} at the same moment
 */
record ClockPair(long epochNanos, long nanoTime) {

  static ClockPair now() {
    Instant now = Instant.now();
    return new ClockPair(
        TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano(), System.nanoTime());
  }

  /** Returns the wall-clock time of a {@link System#nanoTime}, in nanoseconds since 1970. */
  long epochNanosAt(long thatNanoTime) {
    return epochNanos + (thatNanoTime - nanoTime);
  }
}
