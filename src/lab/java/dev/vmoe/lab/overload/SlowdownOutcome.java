package dev.vmoe.lab.overload;

import dev.vmoe.lab.overload.ArrivalTrace.Slowdown;
import org.jspecify.annotations.Nullable;

/**
 * How a policy came through a slow-down of the machine.
 *
 * @param lateForSeconds from its beginning until the last image was due that was answered late; 0
 *     if none was
 * @param secondsToReturn from its end until the images of a whole second were answered in time, at
 *     points that are on average at most a tenth of a point less accurate than before it; null if
 *     that never came
 */
public record SlowdownOutcome(double lateForSeconds, @Nullable Double secondsToReturn) {

  /** A smaller loss of accuracy counts as none. */
  private static final double AS_BEFORE = 0.001;

  private static final double WINDOW_SECONDS = 1;

  private static final double STEP_SECONDS = 0.1;

  /**
   * Returns what came of a slow-down.
   *
   * @param targetSeconds latency within which an image is answered in time
   * @param quality how accurate the points are
   */
  public static SlowdownOutcome of(
      TraceOutcome outcome, Slowdown slowdown, double targetSeconds, Quality quality) {
    double lateUntil = slowdown.fromSeconds();
    for (int i = 0; i < outcome.images(); i++) {
      if (outcome.dueSeconds(i) >= slowdown.fromSeconds() && late(outcome, i, targetSeconds)) {
        lateUntil = Math.max(lateUntil, outcome.dueSeconds(i));
      }
    }
    double before = accuracy(outcome, quality, 0, slowdown.fromSeconds());
    double last = outcome.dueSeconds(outcome.images() - 1) - WINDOW_SECONDS;
    Double back = null;
    for (int step = 0; back == null; step++) {
      double from = slowdown.untilSeconds() + step * STEP_SECONDS;
      if (from > last) {
        break;
      }
      if (inTime(outcome, from, targetSeconds)
          && accuracy(outcome, quality, from, from + WINDOW_SECONDS) >= before - AS_BEFORE) {
        back = step * STEP_SECONDS;
      }
    }
    return new SlowdownOutcome(lateUntil - slowdown.fromSeconds(), back);
  }

  private static boolean late(TraceOutcome outcome, int image, double targetSeconds) {
    return !outcome.isAnswered(image) || outcome.latencySeconds(image) > targetSeconds;
  }

  private static boolean inTime(TraceOutcome outcome, double from, double targetSeconds) {
    for (int i = 0; i < outcome.images(); i++) {
      if (isWithin(outcome, i, from, from + WINDOW_SECONDS) && late(outcome, i, targetSeconds)) {
        return false;
      }
    }
    return true;
  }

  /** Expected accuracy of the images that were due in a stretch of time; NaN if none was. */
  private static double accuracy(TraceOutcome outcome, Quality quality, double from, double to) {
    double sum = 0;
    int images = 0;
    for (int i = 0; i < outcome.images(); i++) {
      if (isWithin(outcome, i, from, to)) {
        sum += quality.expected(outcome, i);
        images++;
      }
    }
    return sum / images;
  }

  private static boolean isWithin(TraceOutcome outcome, int image, double from, double to) {
    return outcome.dueSeconds(image) >= from && outcome.dueSeconds(image) < to;
  }
}
