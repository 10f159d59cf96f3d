package dev.vmoe.lab.bench;

import dev.vmoe.lab.sweep.Interval;
import java.util.Arrays;

/**
 * The ratio of two rates measured in pairs. The two of a pair are measured within moments, so the
 * machine's state affects both. The ratio is a geometric mean with a 95 % interval over the pairs.
 *
 * @param ratio mean of the first rate over the second
 * @param low 2.5 % of the resampled means are below
 * @param high 2.5 % of them are above
 */
public record PairedRates(double ratio, double low, double high) {

  /**
   * Compares.
   *
   * @param rates (pairs) above 0
   * @param others (pairs) what they are compared with, above 0
   * @param seed of the draws
   */
  public static PairedRates of(double[] rates, double[] others, long seed) {
    Interval logs = Interval.ofPairs(logarithms(rates), logarithms(others), seed);
    return new PairedRates(Math.exp(logs.mean()), Math.exp(logs.low()), Math.exp(logs.high()));
  }

  private static double[] logarithms(double[] rates) {
    for (double rate : rates) {
      if (!(rate > 0)) {
        throw new IllegalArgumentException("a rate of " + rate + " has no ratio to another");
      }
    }
    return Arrays.stream(rates).map(Math::log).toArray();
  }

  /** Returns the part of the second rate that the first one lacks. */
  public double cost() {
    return 1 - ratio;
  }

  /** Returns what the cost is below, with 97.5 % confidence. */
  public double costBound() {
    return 1 - low;
  }
}
