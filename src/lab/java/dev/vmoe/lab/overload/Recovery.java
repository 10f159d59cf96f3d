package dev.vmoe.lab.overload;

import org.jspecify.annotations.Nullable;

/**
 * How a policy came through its largest backlog: from the first image that made it one, over the
 * peak, to its end.
 *
 * @param peakImages maximum number of images sent and not answered
 * @param peakSeconds when that was, in seconds from the start of the trace
 * @param endSeconds when no more images waited than full quality answers within the target; null if
 *     that never came
 * @param drainImagesPerSecond images answered a second between peak and end; null without an end,
 *     or where that is less than a second
 * @param secondsToRecover from the end until the answers of a whole second were at points that are
 *     on average at most half a point less accurate than full quality; null if that never came
 */
public record Recovery(
    int peakImages,
    double peakSeconds,
    @Nullable Double endSeconds,
    @Nullable Double drainImagesPerSecond,
    @Nullable Double secondsToRecover) {

  private static final double WINDOW_SECONDS = 1;

  /** Answers come with each commit, ten times a second: too few of them make no rate. */
  private static final double SHORTEST_DRAIN_SECONDS = 1;

  /** A stretch of time in which more images wait than may. */
  private static final class Episode {
    int peak;
    double peakSeconds;
    int answeredAtPeak;
    double endSeconds = Double.NaN;
    int answeredAtEnd;
  }

  /**
   * Finds the largest backlog of an outcome and what came after it.
   *
   * @param maxWaiting images that may wait without being a backlog: full quality's rate times the
   *     target
   * @param quality how accurate the points are
   * @return null if there was no backlog
   */
  public static @Nullable Recovery of(TraceOutcome outcome, double maxWaiting, Quality quality) {
    int[] order = outcome.bySettling();
    Episode largest = largest(outcome, order, maxWaiting);
    if (largest == null) {
      return null;
    }
    if (Double.isNaN(largest.endSeconds)) {
      return new Recovery(largest.peak, largest.peakSeconds, null, null, null);
    }
    double drained = largest.answeredAtEnd - largest.answeredAtPeak;
    double seconds = largest.endSeconds - largest.peakSeconds;
    return new Recovery(
        largest.peak,
        largest.peakSeconds,
        largest.endSeconds,
        seconds >= SHORTEST_DRAIN_SECONDS ? drained / seconds : null,
        secondsToRecover(outcome, order, largest, quality));
  }

  /** Walks through arrivals and answers in the order of time. */
  private static @Nullable Episode largest(TraceOutcome outcome, int[] order, double maxWaiting) {
    Episode largest = null;
    Episode open = null;
    int sent = 0;
    int answered = 0;
    while (sent < outcome.images() || answered < order.length) {
      boolean arrival =
          sent < outcome.images()
              && (answered == order.length
                  || outcome.dueSeconds(sent) <= outcome.settledSeconds(order[answered]));
      double now = arrival ? outcome.dueSeconds(sent++) : outcome.settledSeconds(order[answered++]);
      int waiting = sent - answered;
      if (waiting > maxWaiting) {
        open = open == null ? new Episode() : open;
        if (waiting > open.peak) {
          open.peak = waiting;
          open.peakSeconds = now;
          open.answeredAtPeak = answered;
        }
        largest = largest == null || open.peak > largest.peak ? open : largest;
      } else if (open != null) {
        open.endSeconds = now;
        open.answeredAtEnd = answered;
        open = null;
      }
    }
    return largest;
  }

  private static @Nullable Double secondsToRecover(
      TraceOutcome outcome, int[] order, Episode backlog, Quality quality) {
    int end = backlog.answeredAtEnd;
    double expected = 0;
    for (int start = backlog.answeredAtEnd; start < order.length; start++) {
      double from = outcome.settledSeconds(order[start]);
      while (end < order.length && outcome.settledSeconds(order[end]) < from + WINDOW_SECONDS) {
        expected += quality.expected(outcome, order[end++]);
      }
      if (expected >= quality.enough() * (end - start)) {
        return from - backlog.endSeconds;
      }
      expected -= quality.expected(outcome, order[start]);
    }
    return null;
  }
}
