package dev.vmoe.streams.commit;

import java.time.Duration;

/**
 * How long answers take from the end of their run to the commit that makes them readable.
 *
 * <p>As TCP estimates the time of an acknowledgement: the mean plus four mean deviations, of the
 * oldest answer of each commit. Stream threads write, any thread may ask.
 */
public final class CommitDelay {

  private static final double MEAN_WEIGHT = 1 / 8.0;
  private static final double DEVIATION_WEIGHT = 1 / 4.0;
  private static final int DEVIATIONS = 4;

  private double meanNanos;
  private double deviationNanos;

  /** Takes the age of the oldest answer of a commit, in nanoseconds. */
  synchronized void observe(long nanos) {
    double error = nanos - meanNanos;
    meanNanos += MEAN_WEIGHT * error;
    deviationNanos += DEVIATION_WEIGHT * (Math.abs(error) - deviationNanos);
  }

  /** Returns the time that nearly every answer keeps to; 0 before the first commit. */
  public synchronized Duration duration() {
    return Duration.ofNanos(Math.round(meanNanos + DEVIATIONS * deviationNanos));
  }
}
