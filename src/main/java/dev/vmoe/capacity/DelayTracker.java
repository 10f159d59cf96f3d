package dev.vmoe.capacity;

import org.jspecify.annotations.Nullable;

/**
 * Compares predicted delays with actual ones, one prediction at a time: a backlog of B images is
 * answered once B more images have been answered.
 *
 * <p>Written by one thread; the numbers may be read by any.
 */
public final class DelayTracker {

  /** Weight of one prediction in the mean error. */
  private static final double WEIGHT = 0.1;

  private record Prediction(long atNanos, long imagesLeft, long delayNanos) {}

  private @Nullable Prediction open;
  private volatile long checked;
  private volatile long actualNanos;
  private volatile double meanErrorNanos;

  /**
   * Notes a prediction; ignored while another one is followed.
   *
   * @param nowNanos monotonic time, in nanoseconds
   * @param backlogImages images that wait now
   * @param delayNanos predicted time until the last of them is answered, in nanoseconds
   */
  public void predicted(long nowNanos, long backlogImages, long delayNanos) {
    if (open == null) {
      open = new Prediction(nowNanos, backlogImages, delayNanos);
    }
  }

  /**
   * Notes that images have been answered.
   *
   * @param nowNanos when, in nanoseconds
   * @param images how many
   */
  public void answered(long nowNanos, long images) {
    Prediction now = open;
    if (now == null) {
      return;
    }
    if (images < now.imagesLeft()) {
      open = new Prediction(now.atNanos(), now.imagesLeft() - images, now.delayNanos());
      return;
    }
    open = null;
    actualNanos = nowNanos - now.atNanos();
    double error = Math.abs((double) actualNanos - now.delayNanos());
    meanErrorNanos = checked == 0 ? error : meanErrorNanos + WEIGHT * (error - meanErrorNanos);
    checked = checked + 1;
  }

  /** Notes that nothing waits any more: a prediction for images that never came is dropped. */
  public void nothingWaits() {
    open = null;
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
