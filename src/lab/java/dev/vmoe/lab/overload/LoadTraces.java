package dev.vmoe.lab.overload;

import dev.vmoe.lab.overload.ArrivalTrace.Phase;
import dev.vmoe.lab.overload.ArrivalTrace.Slowdown;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** The traces of the benchmark, made from the rates that were measured just before. */
public final class LoadTraces {

  /** Names of the traces, in their order. */
  public static final List<String> NAMES = List.of("elastic", "bursty", "overload", "slowdown");

  /** Bursts begin as often as this in the mean, in seconds. */
  private static final double BURST_EVERY = 4;

  /** Exponent of the Pareto tails of a burst's length and height: a finite mean, no variance. */
  private static final double TAIL = 1.5;

  private static final double SHORTEST_BURST = 0.4;
  private static final double LOWEST_BURST = 1;

  /** Maximum length and height of a burst, in multiples of the smallest one. */
  private static final double LARGEST = 8;

  private static final double STEP_SECONDS = 0.01;

  private static final double SLOW_SECONDS = 10;

  private LoadTraces() {}

  /**
   * Returns the traces that have one of these names, in the order of {@link #NAMES}.
   *
   * @param phaseSeconds length of a phase; a trace has about four
   */
  public static List<ArrivalTrace> named(
      List<String> names, Rates rates, double phaseSeconds, long seed) {
    ArrivalTrace elastic = elastic(rates, phaseSeconds, seed);
    return Stream.of(
            elastic,
            bursty(elastic.images(), 4 * phaseSeconds, seed),
            overload(rates, phaseSeconds, seed),
            slowdown(rates, phaseSeconds, seed))
        .filter(trace -> names.contains(trace.name()))
        .toList();
  }

  /**
   * Returns a trace whose every phase can be answered in time at some operating point: half the
   * full-quality rate, midway to the lowest point's, nine tenths of the lowest point's, and back to
   * eight tenths of the full-quality rate.
   */
  public static ArrivalTrace elastic(Rates rates, double phaseSeconds, long seed) {
    return ArrivalTrace.poisson(
        "elastic",
        List.of(
            new Phase(phaseSeconds, 0.5 * rates.full()),
            new Phase(phaseSeconds, rates.midway()),
            new Phase(phaseSeconds, 0.9 * rates.lowest()),
            new Phase(phaseSeconds, 0.8 * rates.full())),
        seed);
  }

  /**
   * Returns a trace past the range: from half the full-quality rate to 1.3 times the lowest point's
   * for one phase, and back for two.
   */
  public static ArrivalTrace overload(Rates rates, double phaseSeconds, long seed) {
    return ArrivalTrace.poisson(
        "overload",
        List.of(
            new Phase(phaseSeconds / 2, 0.5 * rates.full()),
            new Phase(phaseSeconds, 1.3 * rates.lowest()),
            new Phase(2 * phaseSeconds, 0.5 * rates.full())),
        seed);
  }

  /** Returns a steady load past the range, of twice the lowest point's rate. */
  static ArrivalTrace pastTheRange(Rates rates, double seconds, long seed) {
    return ArrivalTrace.poisson(
        "past the range", List.of(new Phase(seconds, 2 * rates.lowest())), seed);
  }

  /**
   * Returns a steady load of seven tenths of the full-quality rate, for four phases; in the second
   * one the machine is slowed down for {@value #SLOW_SECONDS} seconds, or for the phase if that is
   * shorter.
   */
  public static ArrivalTrace slowdown(Rates rates, double phaseSeconds, long seed) {
    return ArrivalTrace.poisson(
            "slowdown", List.of(new Phase(4 * phaseSeconds, 0.7 * rates.full())), seed)
        .slowedDown(new Slowdown(phaseSeconds, Math.min(SLOW_SECONDS, phaseSeconds)));
  }

  /**
   * Returns a Poisson process with bursts: they begin at random, add up, and have Pareto lengths
   * and heights. Given their number, the arrivals of such a process are independent draws from its
   * intensity; so the mean is exactly that of a given number of images.
   *
   * @param images images of the trace
   * @param seconds its length
   */
  public static ArrivalTrace bursty(int images, double seconds, long seed) {
    Random random = new Random(seed);
    double[] intensity = new double[Math.max(1, (int) Math.ceil(seconds / STEP_SECONDS))];
    Arrays.fill(intensity, 1);
    double start = ArrivalTrace.exponential(random, 1 / BURST_EVERY);
    while (start < seconds) {
      double end = start + SHORTEST_BURST * pareto(random);
      double height = LOWEST_BURST * pareto(random);
      for (int i = (int) (start / STEP_SECONDS);
          i < Math.min(intensity.length, end / STEP_SECONDS);
          i++) {
        intensity[i] += height;
      }
      start += ArrivalTrace.exponential(random, 1 / BURST_EVERY);
    }
    return new ArrivalTrace("bursty", draws(intensity, images, seconds, random));
  }

  /** Returns a Pareto variable of at least 1, cut off. */
  private static double pareto(Random random) {
    return Math.min(LARGEST, Math.pow(1 - random.nextDouble(), -1 / TAIL));
  }

  private static double[] draws(double[] intensity, int images, double seconds, Random random) {
    double[] cumulative = intensity.clone();
    Arrays.parallelPrefix(cumulative, Double::sum);
    double total = cumulative[cumulative.length - 1];
    double step = seconds / intensity.length;
    double[] times = new double[images];
    for (int i = 0; i < images; i++) {
      double mass = random.nextDouble() * total;
      int found = Arrays.binarySearch(cumulative, mass);
      int bin = Math.min(found < 0 ? -found - 1 : found + 1, intensity.length - 1);
      double before = cumulative[bin] - intensity[bin];
      times[i] = (bin + (mass - before) / intensity[bin]) * step;
    }
    Arrays.sort(times);
    return times;
  }
}
