package dev.vmoe.lab.overload;

import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How a policy did on a trace.
 *
 * @param images images sent
 * @param lost images never answered, expired ones not counted
 * @param expired images given back because they could no longer be answered in time
 * @param sloViolationRatio share of images answered later than the target, or never
 * @param lateShareOfAnswered share of the answered images that came later than the target
 * @param effectiveAccuracy correct / answered
 * @param accuracyAll correct / sent: an image never answered counts as wrong
 * @param accuracyInTime correct and in time / sent
 * @param p50Ms median latency of the answered images, in milliseconds
 * @param p99Ms latency within which 99 % of the answered images came, in milliseconds
 * @param meanCapacityRatio mean requested capacity ratio of the answered images
 * @param meanExpertsPerToken mean K of the answered images
 */
public record PolicyMetrics(
    int images,
    int lost,
    int expired,
    double sloViolationRatio,
    double lateShareOfAnswered,
    double effectiveAccuracy,
    double accuracyAll,
    double accuracyInTime,
    double p50Ms,
    double p99Ms,
    double meanCapacityRatio,
    double meanExpertsPerToken) {

  /** A deadline met to the nanosecond is met, whatever the rounding. */
  static final double ROUNDING_SECONDS = 1e-9;

  /**
   * Returns the metrics of an outcome.
   *
   * @param targetSeconds latency within which an image is answered in time
   * @throws IllegalArgumentException if nothing was answered
   */
  public static PolicyMetrics of(TraceOutcome outcome, double targetSeconds) {
    int answered = outcome.answered();
    if (answered == 0) {
      throw new IllegalArgumentException("none of " + outcome.images() + " images was answered");
    }
    double correct = 0;
    double correctInTime = 0;
    int inTime = 0;
    for (int i = 0; i < outcome.images(); i++) {
      if (outcome.isAnswered(i)) {
        correct += outcome.correct(i);
        if (outcome.latencySeconds(i) <= targetSeconds + ROUNDING_SECONDS) {
          inTime++;
          correctInTime += outcome.correct(i);
        }
      }
    }
    double[] latencies =
        IntStream.range(0, outcome.images())
            .filter(outcome::isAnswered)
            .mapToDouble(outcome::latencySeconds)
            .sorted()
            .toArray();
    double images = outcome.images();
    return new PolicyMetrics(
        outcome.images(),
        outcome.images() - answered - outcome.expired(),
        outcome.expired(),
        (images - inTime) / images,
        (double) (answered - inTime) / answered,
        correct / answered,
        correct / images,
        correctInTime / images,
        1e3 * quantile(latencies, 0.5),
        1e3 * quantile(latencies, 0.99),
        mean(outcome, outcome::capacityRatio),
        mean(outcome, outcome::expertsPerToken));
  }

  private static double mean(TraceOutcome outcome, IntToDoubleFunction figure) {
    return IntStream.range(0, outcome.images())
        .filter(outcome::isAnswered)
        .mapToDouble(figure)
        .average()
        .orElseThrow();
  }

  /** Returns the smallest value that this share of the values does not exceed; NaN of none. */
  static double quantile(double[] sorted, double share) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }
}
