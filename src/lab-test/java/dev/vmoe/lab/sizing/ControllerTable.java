package dev.vmoe.lab.sizing;

import dev.vmoe.capacity.AdaptiveCapacity;
import dev.vmoe.capacity.CapacityObserver;
import dev.vmoe.capacity.CapacityPolicy;
import dev.vmoe.capacity.CostModel;
import dev.vmoe.capacity.DemoModel;
import dev.vmoe.capacity.Ladder;
import dev.vmoe.capacity.LatencyBudget;
import dev.vmoe.capacity.LearningCapacity;
import dev.vmoe.lab.overload.ProportionalCapacity;
import java.time.Duration;
import java.util.Locale;
import java.util.function.BiFunction;

/** Prints what controllers make of every cell, as CSV. */
final class ControllerTable {

  private static final LatencyBudget BUDGET =
      new LatencyBudget(Duration.ofSeconds(1), Duration.ofMillis(150));

  private ControllerTable() {}

  public static void main(String[] args) {
    System.out.println("scale,load,disturbance,seed,policy,late,accuracy,p99_ms,after");
    ControllerCells.all()
        .parallel()
        .forEach(
            cell -> {
              double from =
                  cell.disturbance().name().startsWith("SLOW") ? cell.caughtUp() + 5 : 0;
              row(cell, "adaptive", from, AdaptiveCapacity::new);
              if (!Boolean.getBoolean("only")) row(cell, "proportional", from, ProportionalCapacity::new);
            });
  }

  private static void row(
      ControllerCells.Cell cell,
      String name,
      double from,
      BiFunction<Ladder, LatencyBudget, CapacityPolicy> policy) {
    SimulatedOutcome outcome = cell.run(cost -> controller(cost, policy));
    System.out.printf(
        Locale.ROOT,
        "%s,%s,%s,%d,%s,%.4f,%.5f,%.0f,%.5f%n",
        cell.scale(),
        cell.load(),
        cell.disturbance(),
        cell.seed(),
        name,
        outcome.lateShare(),
        ControllerCells.effectiveAccuracy(outcome, 0, 1e9),
        1e3 * outcome.quantile(0.99),
        ControllerCells.effectiveAccuracy(outcome, from, ControllerCells.UNTIL));
  }

  static LearningCapacity controller(
      CostModel cost, BiFunction<Ladder, LatencyBudget, CapacityPolicy> policy) {
    Ladder ladder = DemoModel.ladder(cost);
    return new LearningCapacity(cost, ladder, policy.apply(ladder, BUDGET), CapacityObserver.NONE);
  }
}
