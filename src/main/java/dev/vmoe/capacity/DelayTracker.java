package dev.vmoe.capacity;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Compares predicted delays with actual ones: a backlog of B images is answered once B more images
 * have been answered.
 *
 * <p>Written by one thread; the numbers may be read by any.
 */
public final class DelayTracker {

  /** Minimum time between two predictions that are followed. */
  private static final long INTERVAL_NANOS = 100_000_000L;

  /** Maximum number of open predictions; further ones are ignored. */
  private static final int MAX_OPEN = 256;

  /** Weight of one prediction in the mean error. */
  private static final double WEIGHT = 0.1;

  /** At which time a count of answered images was predicted, and how soon it will be reached. */
  private record Prediction(long atNanos, long answered, long delayNanos) {}

  private final Deque<Prediction> open = new ArrayDeque<>();
  private long answered;
  private volatile long checked;
  private volatile long actualNanos;
  private volatile double meanErrorNanos;

  /**
   * Notes a prediction.
   *
   * @param nowNanos monotonic time, in nanoseconds
   * @param backlogImages images that wait now
   * @param delayNanos predicted time until the last of them is answered, in nanoseconds
   */
  public void predicted(long nowNanos, long backlogImages, long delayNanos) {
    boolean soon = !open.isEmpty() && nowNanos - open.getLast().atNanos() < INTERVAL_NANOS;
    if (!soon && open.size() < MAX_OPEN) {
      open.addLast(new Prediction(nowNanos, answered + backlogImages, delayNanos));
    }
  }

  /**
   * Notes that images have been answered.
   *
   * @param nowNanos when, in nanoseconds
   * @param images how many
   */
  public void answered(long nowNanos, long images) {
    answered += images;
    // Not in order of their ends: a later prediction may have seen a smaller backlog.
    open.removeIf(
        prediction -> {
          boolean over = prediction.answered() <= answered;
          if (over) {
            check(prediction, nowNanos - prediction.atNanos());
          }
          return over;
        });
  }

  /** Notes that nothing waits any more: predictions for images that never came are dropped. */
  public void nothingWaits() {
    open.clear();
  }

  private void check(Prediction prediction, long actual) {
    double error = Math.abs((double) actual - prediction.delayNanos());
    meanErrorNanos = checked == 0 ? error : meanErrorNanos + WEIGHT * (error - meanErrorNanos);
    actualNanos = actual;
    checked = checked + 1;
  }

  /** Returns how many predictions have been compared with what happened. */
  public long checked() {
    return checked;
  }

  /** Returns the actual delay of the prediction that was compared last, in nanoseconds. */
  public long actualNanos() {
    return actualNanos;
  }

  /** Returns the mean of |actual − predicted| over recent predictions, in nanoseconds. */
  public double meanErrorNanos() {
    return meanErrorNanos;
  }
}
