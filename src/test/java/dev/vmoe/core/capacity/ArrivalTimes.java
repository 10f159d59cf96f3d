package dev.vmoe.core.capacity;

import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;

/**
 * When images are sent, in seconds, ascending.
 *
 * @param seconds one an image
 */
@SuppressWarnings("ArrayRecordComponent")
public record ArrivalTimes(double[] seconds) {

  /**
   * Returns an inhomogeneous Poisson process.
   *
   * @param rate images a second at a time in seconds
   */
  public static ArrivalTimes poisson(long seed, double until, DoubleUnaryOperator rate) {
    Random random = new Random(seed);
    DoubleStream.Builder times = DoubleStream.builder();
    // In time measured by the integral of the rate, arrivals are a Poisson process of rate 1.
    double step = 0.001;
    double left = -Math.log1p(-random.nextDouble());
    for (double t = 0; t < until; t += step) {
      double weight = rate.applyAsDouble(t) * step;
      double within = weight;
      while (left <= within) {
        within -= left;
        times.add(t + step * (1 - within / weight));
        left = -Math.log1p(-random.nextDouble());
      }
      left -= within;
    }
    return new ArrivalTimes(times.build().toArray());
  }

  /** Returns the rate of phases that follow each other, each as long as the next. */
  public static DoubleUnaryOperator phases(double seconds, double... rates) {
    return t -> rates[(int) Math.min(rates.length - 1, t / seconds)];
  }

  /**
   * Returns a base rate with bursts on top, of random length, height and distance.
   *
   * @param height mean rate of a burst
   */
  public static DoubleUnaryOperator bursts(long seed, double until, double base, double height) {
    Random random = new Random(seed);
    double[] rates = new double[(int) Math.ceil(until * 100)];
    java.util.Arrays.fill(rates, base);
    for (double t = 3; t < until; t += 2 + random.nextDouble() * 5) {
      double length = 0.2 + random.nextDouble() * 0.6;
      double rate = height * (0.6 + 0.8 * random.nextDouble());
      for (int i = (int) (t * 100); i < Math.min(rates.length, (t + length) * 100); i++) {
        rates[i] = rate;
      }
    }
    return t -> rates[Math.min(rates.length - 1, (int) (t * 100))];
  }

  int count() {
    return seconds.length;
  }
}
