package dev.vmoe.tracing;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * One moment on both clocks: the wall clock that spans are dated by, and the one that durations are
 * measured with.
 *
 * @param epochNanos nanoseconds since 1970
 * @param nanoTime {@link System#nanoTime} at the same moment
 */
record Moment(long epochNanos, long nanoTime) {

  static Moment now() {
    Instant now = Instant.now();
    return new Moment(
        TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano(), System.nanoTime());
  }

  /** Returns when that was, in nanoseconds since 1970. */
  long epochNanosAt(long thatNanoTime) {
    return epochNanos + (thatNanoTime - nanoTime);
  }
}
