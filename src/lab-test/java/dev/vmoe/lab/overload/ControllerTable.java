package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.AdaptiveCapacity;
import dev.vmoe.core.capacity.CapacityObserver;
import dev.vmoe.core.capacity.CapacityPolicy;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.DemoModel;
import dev.vmoe.core.capacity.Ladder;
import dev.vmoe.core.capacity.LatencyBudget;
import dev.vmoe.core.capacity.LearningCapacity;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/** What policies make of every cell; run by itself, it prints them as CSV. */
final class ControllerTable {

  private static final LatencyBudget BUDGET =
      new LatencyBudget(Duration.ofSeconds(1), Duration.ofMillis(150));

  private ControllerTable() {}

  /**
   * One policy in one cell.
   *
   * @param late share of the images that were late
   * @param accuracy mean accuracy, late images counted as wrong
   * @param p99Ms 99th percentile of the latency, in milliseconds
   * @param after the accuracy from five seconds after the end of a disturbance on; not a number
   *     where nothing is left
   */
  record Row(
      ControllerCells.Cell cell,
      String policy,
      double late,
      double accuracy,
      double p99Ms,
      double after) {}

  static List<Row> rows(Stream<ControllerCells.Cell> cells) {
    return cells
        .parallel()
        .flatMap(
            cell -> {
              double from = cell.disturbance().ends() ? cell.caughtUp() + 5 : 0;
              return Stream.of(
                  row(cell, "adaptive", from, AdaptiveCapacity::new),
                  row(cell, "proportional", from, ProportionalCapacity::new));
            })
        .toList();
  }

  private static Row row(
      ControllerCells.Cell cell,
      String policy,
      double from,
      BiFunction<Ladder, LatencyBudget, CapacityPolicy> make) {
    SimulatedOutcome outcome = cell.run(cost -> controller(cost, make));
    return new Row(
        cell,
        policy,
        outcome.lateShare(),
        ControllerCells.effectiveAccuracy(outcome, 0, Double.POSITIVE_INFINITY),
        1e3 * outcome.quantile(0.99),
        ControllerCells.effectiveAccuracy(outcome, from, ControllerCells.UNTIL));
  }

  private static LearningCapacity controller(
      CostModel cost, BiFunction<Ladder, LatencyBudget, CapacityPolicy> policy) {
    Ladder ladder = DemoModel.ladder(cost);
    return new LearningCapacity(cost, ladder, policy.apply(ladder, BUDGET), CapacityObserver.NONE);
  }

  public static void main(String[] args) {
    System.out.println("scale,load,disturbance,seed,policy,late,accuracy,p99_ms,after");
    for (Row row : rows(ControllerCells.all())) {
      System.out.printf(
          Locale.ROOT,
          "%s,%s,%s,%d,%s,%.4f,%.5f,%.0f,%.5f%n",
          row.cell().scale(),
          row.cell().load(),
          row.cell().disturbance(),
          row.cell().seed(),
          row.policy(),
          row.late(),
          row.accuracy(),
          row.p99Ms(),
          row.after());
    }
  }
}
