package dev.vmoe.capacity;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Holds predicted delays against what came of them: a backlog of B images has been worked off when
 * B more images have been answered.
 *
 * <p>Written by one thread; the numbers may be read by any.
 */
public final class DelayTracker {

  /** One prediction in this time is enough. */
  private static final long EVERY_NANOS = 100_000_000L;

  /** Predictions that may be open; further ones are left out. */
  private static final int MOST_OPEN = 256;

  /** Weight of one prediction in the mean error. */
  private static final double WEIGHT = 0.1;

  /** What was predicted: when how many images will have been answered. */
  private record Prediction(long atNanos, long answered, long delayNanos) {}

  private final Deque<Prediction> open = new ArrayDeque<>();
  private long answered;
  private volatile long checked;
  private volatile long predictedNanos;
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
    boolean soon = !open.isEmpty() && nowNanos - open.getLast().atNanos() < EVERY_NANOS;
    if (!soon && open.size() < MOST_OPEN) {
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

  /** Notes that nothing waits any more: what was predicted for more images than came is dropped. */
  public void nothingWaits() {
    open.clear();
  }

  private void check(Prediction prediction, long actual) {
    double error = Math.abs((double) actual - prediction.delayNanos());
    meanErrorNanos = checked == 0 ? error : meanErrorNanos + WEIGHT * (error - meanErrorNanos);
    predictedNanos = prediction.delayNanos();
    actualNanos = actual;
    checked = checked + 1;
  }

  /** Returns how many predictions were held against what came. */
  public long checked() {
    return checked;
  }

  /** Returns what was predicted in the prediction that was checked last, in nanoseconds. */
  public long predictedNanos() {
    return predictedNanos;
  }

  /** Returns how long it took in fact, in nanoseconds. */
  public long actualNanos() {
    return actualNanos;
  }

  /** Returns the mean of |actual − predicted| over recent predictions, in nanoseconds. */
  public double meanErrorNanos() {
    return meanErrorNanos;
  }
}
