package dev.vmoe.lab.sizing;

import dev.vmoe.capacity.AdaptiveCapacity;
import dev.vmoe.capacity.ArrivalTimes;
import dev.vmoe.capacity.CapacityObserver;
import dev.vmoe.capacity.CapacityPolicy;
import dev.vmoe.capacity.CostModel;
import dev.vmoe.capacity.DemoModel;
import dev.vmoe.capacity.FixedCapacity;
import dev.vmoe.capacity.Ladder;
import dev.vmoe.capacity.LatencyBudget;
import dev.vmoe.capacity.LearningCapacity;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.lab.overload.ProportionalCapacity;
import java.time.Duration;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;

/** Prints what controllers make of loads in simulated time, as CSV. */
final class SimulationTable {

  private static final double GAP = 0.004;
  private static final LatencyBudget BUDGET =
      new LatencyBudget(Duration.ofSeconds(1), Duration.ofMillis(150));

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
            ArrivalTimes.phases(10, .5 * full, (full + low) / 2, .9 * low, .8 * full));
        all(scale, "step", s, 40, ArrivalTimes.phases(10, .5 * full, .95 * low, .5 * full));
        all(
            scale,
            "overload",
            s,
            40,
            ArrivalTimes.phases(10, .5 * full, 1.3 * low, .5 * full, .5 * full));
        all(scale, "bursts", s, 60, ArrivalTimes.bursts(s, 60, .5 * full, 1.5 * low));
        all(scale, "heavy bursts", s, 60, ArrivalTimes.bursts(s, 60, .5 * full, 2.5 * low));
        all(scale, "sawtooth", s, 60, t -> full * (.3 + 1.6 * (t % 15) / 15));
        for (double load : new double[] {.5, .75, .9, 1, 1.1, 1.25, 1.5, 2, 2.5, 3}) {
          all(scale, "steady " + load, s, 60, t -> load * full);
        }
      }
    }
  }

  private static void all(
      double scale, String trace, long seed, double until, DoubleUnaryOperator rate) {
    ArrivalTimes arrivals = ArrivalTimes.poisson(seed, until, rate);
    row(
        scale,
        trace,
        seed,
        "cheapest",
        arrivals,
        ladder -> new FixedCapacity(DemoModel.CHEAPEST, DemoModel.ROUTING),
        1);
    row(
        scale,
        trace,
        seed,
        "best",
        arrivals,
        ladder -> new FixedCapacity(DemoModel.BEST, DemoModel.ROUTING),
        1);
    Function<Ladder, CapacityPolicy> adaptive = ladder -> new AdaptiveCapacity(ladder, BUDGET);
    row(scale, trace, seed, "adaptive", arrivals, adaptive, 1);
    row(scale, trace, seed, "adaptive cost/2", arrivals, adaptive, .5);
    row(scale, trace, seed, "adaptive cost*2", arrivals, adaptive, 2);
    row(
        scale,
        trace,
        seed,
        "proportional",
        arrivals,
        ladder -> new ProportionalCapacity(ladder, BUDGET),
        1);
  }

  private static void row(
      double scale,
      String trace,
      long seed,
      String name,
      ArrivalTimes arrivals,
      Function<Ladder, CapacityPolicy> make,
      double off) {
    CostModel cost = DemoModel.cost(scale * off);
    Ladder ladder = DemoModel.ladder(cost);
    LearningCapacity controller =
        new LearningCapacity(cost, ladder, make.apply(ladder), CapacityObserver.NONE);
    SimulatedInstance instance = new SimulatedInstance(DemoModel.cost(scale), DemoModel.BATCH);
    instance.gap = GAP * scale;
    SimulatedOutcome outcome = instance.run(arrivals.seconds(), controller);
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
        outcome.turns(ladder.rungs(), 0, 1e9),
        last.capacityRatio(),
        last.expertsPerToken(),
        controller.delays().meanErrorNanos() / 1e6,
        cost.relativeError());
  }
}
