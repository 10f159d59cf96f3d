package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.ArrivalTimes;
import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.DemoModel;
import dev.vmoe.core.capacity.FixedCapacity;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.stream.Stream;

/** Loads and disturbances under which controllers are compared in simulated time. */
final class ControllerCells {

  static final double UNTIL = 60;
  static final double SLOW_FROM = 15;
  static final double SLOW_UNTIL = 25;
  static final double TARGET = 1;

  private static final double GAP = 0.004;

  private ControllerCells() {}

  /** What happens beside a Poisson process of arrivals. */
  enum Disturbance {
    STEADY,
    SLOW_2,
    SLOW_3,
    RAMP,
    STRETCHES,
    SURVEY_HALF,
    SURVEY_DOUBLE;

    /** Whether it ends before the arrivals do. */
    boolean ends() {
      return this == SLOW_2 || this == SLOW_3;
    }

    double surveyed() {
      return this == SURVEY_HALF ? 0.5 : this == SURVEY_DOUBLE ? 2 : 1;
    }

    DoubleUnaryOperator slowness(long seed) {
      return switch (this) {
        case SLOW_2 -> t -> t >= SLOW_FROM && t < SLOW_UNTIL ? 2 : 1;
        case SLOW_3 -> t -> t >= SLOW_FROM && t < SLOW_UNTIL ? 3 : 1;
        case STRETCHES -> stretches(seed);
        default -> t -> 1;
      };
    }

    /** Half of the time, in stretches of 1 to 5 seconds, runs take 1/0.6 of their time. */
    private static DoubleUnaryOperator stretches(long seed) {
      Random random = new Random(seed + 77);
      List<Double> turns = new ArrayList<>();
      for (double t = 0; t < 2 * UNTIL; t += 1 + 4 * random.nextDouble()) {
        turns.add(t);
      }
      return t -> {
        int passed = 0;
        while (passed < turns.size() && turns.get(passed) <= t) {
          passed++;
        }
        return passed % 2 == 0 ? 1 / 0.6 : 1;
      };
    }

    DoubleUnaryOperator rate(double most) {
      return this == RAMP ? t -> most * (0.3 + 0.7 * (1 - Math.abs(2 * t / UNTIL - 1))) : t -> most;
    }
  }

  /**
   * One comparison.
   *
   * @param scale cost of a run over that of {@link DemoModel}
   * @param load arrivals over the throughput at full quality
   */
  record Cell(double scale, double load, Disturbance disturbance, long seed) {

    double full() {
      return DemoModel.BATCH
          / (DemoModel.cost(scale).runSeconds(DemoModel.BEST, DemoModel.BATCH) + GAP * scale);
    }

    double[] arrivals() {
      return ArrivalTimes.poisson(seed, UNTIL, disturbance.rate(load * full())).seconds();
    }

    CostModel surveyed() {
      return DemoModel.cost(scale * disturbance.surveyed());
    }

    Cell undisturbed() {
      return new Cell(scale, load, Disturbance.STEADY, seed);
    }

    SimulatedOutcome run(Function<CostModel, CapacityController> controller) {
      SimulatedInstance instance =
          new SimulatedInstance(DemoModel.cost(scale), DemoModel.BATCH).seed(seed);
      instance.gap = GAP * scale;
      instance.slowness = disturbance.slowness(seed);
      return instance.run(arrivals(), controller.apply(surveyed()));
    }

    /** When one that always runs the cheapest point has caught up, in seconds. */
    double caughtUp() {
      return run(cost -> new FixedCapacity(DemoModel.CHEAPEST, DemoModel.ROUTING))
          .backlogGone(SLOW_UNTIL, 2 * DemoModel.BATCH);
    }
  }

  static Stream<Cell> all() {
    List<Cell> cells = new ArrayList<>();
    for (double scale : new double[] {0.25, 1, 4, 16}) {
      for (double load : new double[] {0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.5, 2}) {
        for (Disturbance disturbance : Disturbance.values()) {
          for (long seed = 1; seed <= 3; seed++) {
            cells.add(new Cell(scale, load, disturbance, seed));
          }
        }
      }
    }
    return cells.stream();
  }

  /** Mean accuracy of the images of these seconds; late ones count as wrong. */
  static double effectiveAccuracy(SimulatedOutcome outcome, double from, double until) {
    double sum = 0;
    int images = 0;
    int image = 0;
    for (SimulatedBatch batch : outcome.batches()) {
      double accuracy = DemoModel.accuracy(batch.point());
      for (int i = 0; i < batch.images(); i++, image++) {
        if (batch.startSeconds() >= from && batch.startSeconds() < until) {
          images++;
          sum += outcome.latencySeconds(image) <= TARGET ? accuracy : 0;
        }
      }
    }
    return images == 0 ? Double.NaN : sum / images;
  }
}
