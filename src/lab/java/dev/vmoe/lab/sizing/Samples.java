package dev.vmoe.lab.sizing;

import java.util.Arrays;

/** Figures of values that were measured several times. */
final class Samples {

  private Samples() {}

  /** Returns the median, the higher of the middle two of an even number; 0 of none. */
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
  }

  /** Returns the standard deviation of the logarithms of values above 0, at least one. */
  static double deviationOfLog(double[] values) {
    double[] logs = Arrays.stream(values).map(Math::log).toArray();
    double mean = Arrays.stream(logs).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(logs).map(log -> (log - mean) * (log - mean)).average().orElseThrow());
  }
}
