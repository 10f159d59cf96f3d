package dev.vmoe.lab.sizing;

import dev.vmoe.capacity.AdaptiveCapacity;
import dev.vmoe.capacity.Arrivals;
import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.CostModel;
import dev.vmoe.capacity.DelayTracker;
import dev.vmoe.capacity.DemoModel;
import dev.vmoe.capacity.FixedCapacity;
import dev.vmoe.capacity.Hysteresis;
import dev.vmoe.capacity.ObservedCapacity;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.ProportionalCapacity;
import java.time.Duration;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;

/** Prints what controllers make of loads in simulated time, as CSV. */
final class SimulationTable {

  private static final double GAP = 0.004;

  private SimulationTable() {}

  public static void main(String[] args) {
    System.out.println(
        "scale,trace,seed,controller,late,p50_ms,p99_ms,accuracy,changes,turns,last_ratio,last_k,delay_error_ms,cost_error");
    for (double scale : new double[] {1, 4}) {
      CostModel truth = DemoModel.cost(scale);
      double full = 32 / (truth.runSeconds(DemoModel.BEST, 32) + GAP * scale);
      double low = 32 / (truth.runSeconds(DemoModel.CHEAPEST, 32) + GAP * scale);
      for (long seed = 1; seed <= 3; seed++) {
        long s = seed;
        all(
            scale,
            "phases",
            s,
            40,
            Arrivals.phases(10, .5 * full, (full + low) / 2, .9 * low, .8 * full));
        all(scale, "step", s, 40, Arrivals.phases(10, .5 * full, .95 * low, .5 * full));
        all(
            scale,
            "overload",
            s,
            40,
            Arrivals.phases(10, .5 * full, 1.3 * low, .5 * full, .5 * full));
        all(scale, "bursts", s, 60, Arrivals.bursts(s, 60, .5 * full, 1.5 * low));
        all(scale, "heavy bursts", s, 60, Arrivals.bursts(s, 60, .5 * full, 2.5 * low));
        all(scale, "sawtooth", s, 60, t -> full * (.3 + 1.6 * (t % 15) / 15));
        for (double load : new double[] {.5, .75, .9, 1, 1.1, 1.25, 1.5, 2, 2.5, 3}) {
          all(scale, "steady " + load, s, 60, t -> load * full);
        }
      }
    }
  }

  private static void all(
      double scale, String trace, long seed, double until, DoubleUnaryOperator rate) {
    Arrivals arrivals = Arrivals.poisson(seed, until, rate);
    row(
        scale,
        trace,
        seed,
        "cheapest",
        arrivals,
        cost -> new FixedCapacity(DemoModel.CHEAPEST, DemoModel.ROUTING),
        1);
    row(
        scale,
        trace,
        seed,
        "best",
        arrivals,
        cost -> new FixedCapacity(DemoModel.BEST, DemoModel.ROUTING),
        1);
    Function<CostModel, CapacityController> adaptive =
        cost ->
            new AdaptiveCapacity(
                cost,
                DemoModel.ladder(cost),
                Duration.ofSeconds(1),
                Duration.ofMillis(150),
                Hysteresis.DEFAULT);
    row(scale, trace, seed, "adaptive", arrivals, adaptive, 1);
    row(scale, trace, seed, "adaptive cost/2", arrivals, adaptive, .5);
    row(scale, trace, seed, "adaptive cost*2", arrivals, adaptive, 2);
    row(
        scale,
        trace,
        seed,
        "proportional",
        arrivals,
        cost ->
            new ProportionalCapacity(
                cost, DemoModel.ladder(cost), Duration.ofSeconds(1), Duration.ofMillis(150)),
        1);
  }

  private static void row(
      double scale,
      String trace,
      long seed,
      String name,
      Arrivals arrivals,
      Function<CostModel, CapacityController> make,
      double off) {
    CostModel cost = DemoModel.cost(scale * off);
    DelayTracker delays = new DelayTracker();
    SimulatedInstance instance = new SimulatedInstance(DemoModel.cost(scale), DemoModel.BATCH);
    instance.gap = GAP * scale;
    SimulatedInstance.Outcome outcome =
        instance.run(
            arrivals.seconds(),
            new ObservedCapacity(make.apply(cost), cost, delays, Duration.ofSeconds(2)));
    OperatingPoint last = outcome.pointAt(1e9);
    System.out.printf(
        Locale.ROOT,
        "%.0f,%s,%d,%s,%.4f,%.0f,%.0f,%.4f,%d,%d,%s,%d,%.0f,%.3f%n",
        scale,
        trace,
        seed,
        name,
        outcome.lateShare(),
        outcome.quantile(.5) * 1000,
        outcome.quantile(.99) * 1000,
        outcome.accuracy(DemoModel.QUALITY, DemoModel.ROUTING, 32),
        outcome.changes(0, 1e9),
        outcome.turns(DemoModel.ladder(cost).rungs(), 0, 1e9),
        last.capacityRatio(),
        last.expertsPerToken(),
        delays.meanErrorNanos() / 1e6,
        cost.relativeError());
  }
}
