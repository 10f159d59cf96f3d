package dev.vmoe.core.batch;

import java.time.Duration;

/**
 * How long answers take from the end of their run to the commit that makes them readable.
 *
 * <p>As TCP estimates the time of an acknowledgement: the mean plus four mean deviations, of the
 * oldest answer of each commit. Stream threads write, any thread may ask.
 */
public final class HandOver {

  private static final double MEAN_WEIGHT = 1 / 8.0;
  private static final double DEVIATION_WEIGHT = 1 / 4.0;
  private static final int DEVIATIONS = 4;

  /** End of the oldest run of which the calling thread has emitted answers since its commit. */
  private final ThreadLocal<Long> oldestNanos = new ThreadLocal<>();

  private double meanNanos;
  private double deviationNanos;

  /** Notes that the calling thread has emitted answers of a run that ended at this time. */
  public void emitted(long endNanos) {
    Long oldest = oldestNanos.get();
    if (oldest == null || endNanos - oldest < 0) {
      oldestNanos.set(endNanos);
    }
  }

  /** Returns whether the calling thread has emitted answers since its commit. */
  public boolean waits() {
    return oldestNanos.get() != null;
  }

  /** Notes that the calling thread has committed. */
  public void committed(long nowNanos) {
    Long oldest = oldestNanos.get();
    oldestNanos.remove();
    if (oldest != null) {
      observe(nowNanos - oldest);
    }
  }

  /** Notes that what the calling thread has emitted was rolled back. */
  public void aborted() {
    oldestNanos.remove();
  }

  private synchronized void observe(long nanos) {
    double error = nanos - meanNanos;
    meanNanos += MEAN_WEIGHT * error;
    deviationNanos += DEVIATION_WEIGHT * (Math.abs(error) - deviationNanos);
  }

  /** Returns the time that nearly every answer keeps to; 0 before the first commit. */
  public synchronized Duration duration() {
    return Duration.ofNanos(Math.round(meanNanos + DEVIATIONS * deviationNanos));
  }
}
