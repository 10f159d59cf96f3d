package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.capacity.ArrivalTimes;
import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.CapacityObserver;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.DemoModel;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.Ladder;
import dev.vmoe.core.capacity.LatencyBudget;
import dev.vmoe.core.capacity.LearningCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The controller in a closed loop with an instance in simulated time. */
@Timeout(120)
class AdaptiveCapacitySimulationTest {

  private static final List<Long> SEEDS = List.of(1L, 2L, 3L);

  private static final LatencyBudget BUDGET =
      new LatencyBudget(Duration.ofSeconds(1), Duration.ofMillis(150));

  private final CostModel truth = DemoModel.cost(1);
  private final Ladder ladder = DemoModel.ladder(truth);
  private final SimulatedInstance instance = new SimulatedInstance(truth, DemoModel.BATCH);

  /** Throughput with the gap between batches. */
  private double throughput(OperatingPoint point) {
    return DemoModel.BATCH / (truth.runSeconds(point, DemoModel.BATCH) + instance.gap);
  }

  private final double full = throughput(DemoModel.BEST);
  private final double lowest = throughput(DemoModel.CHEAPEST);

  private static LearningCapacity adaptive(CostModel cost) {
    return LearningCapacity.adaptive(cost, DemoModel.ladder(cost), BUDGET, CapacityObserver.NONE);
  }

  private SimulatedOutcome run(long seed, double until, DoubleUnaryOperator rate, CostModel cost) {
    instance.seed = seed;
    return instance.run(ArrivalTimes.poisson(seed, until, rate).seconds(), adaptive(cost));
  }

  private SimulatedOutcome run(long seed, double until, DoubleUnaryOperator rate) {
    return run(seed, until, rate, DemoModel.cost(1));
  }

  /** No controller is late less often than the one that always takes the fastest point. */
  private double leastLate(long seed, double until, DoubleUnaryOperator rate) {
    instance.seed = seed;
    return instance
        .run(
            ArrivalTimes.poisson(seed, until, rate).seconds(),
            new FixedCapacity(DemoModel.CHEAPEST, DemoModel.ROUTING))
        .lateShare();
  }

  private static double accuracy(SimulatedOutcome outcome) {
    return outcome.accuracy(DemoModel.QUALITY, DemoModel.ROUTING, DemoModel.BATCH);
  }

  private static double accuracyAt(OperatingPoint point) {
    return DemoModel.QUALITY.accuracy(point, DemoModel.ROUTING, DemoModel.BATCH);
  }

  /** Mean accuracy at the throughput that a load takes, on the straight line between two rungs. */
  private double accuracyFor(double load) {
    for (int rung = ladder.rungs().size() - 1; rung > 0; rung--) {
      double above = throughput(ladder.rungs().get(rung - 1));
      double here = throughput(ladder.rungs().get(rung));
      if (load <= above) {
        double part = Math.max(0, (load - here) / (above - here));
        return accuracyAt(ladder.rungs().get(rung))
            + part
                * (accuracyAt(ladder.rungs().get(rung - 1)) - accuracyAt(ladder.rungs().get(rung)));
      }
    }
    return accuracyAt(DemoModel.CHEAPEST);
  }

  /** Accuracy of the images from a time on; none of them may be late. */
  private static double accuracy(SimulatedOutcome outcome, double from, double until) {
    return ControllerCells.effectiveAccuracy(outcome, from, until);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0.75, 1, 1.25, 1.5, 2})
  void shouldBeAsAccurateAsASteadyLoadAllows(double load) {
    for (long seed : SEEDS) {
      SimulatedOutcome outcome = run(seed, 60, t -> load * full);
      assertThat(accuracy(outcome, 15, 60))
          .as("at %.2f of the full-quality throughput, seed %d", load, seed)
          .isGreaterThan(accuracyFor(load * full) - 0.002);
      assertThat(outcome.lateShare()).isLessThan(0.001);
    }
  }

  @Test
  void shouldBeLateHardlyMoreThanTheFastestPointWhereLoadComesInPhases() {
    DoubleUnaryOperator rate =
        ArrivalTimes.phases(10, 0.5 * full, (full + lowest) / 2, 0.9 * lowest, 0.8 * full);
    for (long seed : SEEDS) {
      SimulatedOutcome outcome = run(seed, 40, rate);
      assertThat(outcome.lateShare()).isLessThanOrEqualTo(leastLate(seed, 40, rate) + 0.02);
      assertThat(accuracy(outcome, 35, 40)).isGreaterThan(accuracyAt(DemoModel.BEST) - 0.001);
      // the fixed schedule that knows the phases: best, middle, near the cheapest, best
      assertThat(accuracy(outcome)).isGreaterThan(accuracyAt(DemoModel.CHEAPEST) + 0.02);
    }
  }

  @ParameterizedTest
  @CsvSource({"1.5, 0.01, 0.035", "2.5, 0.035, 0.02"}) // most images come in the bursts
  void shouldBeLateHardlyMoreThanTheFastestPointInBursts(double height, double late, double gain) {
    for (long seed : SEEDS) {
      DoubleUnaryOperator rate = ArrivalTimes.bursts(seed, 60, 0.5 * full, height * lowest);
      SimulatedOutcome outcome = run(seed, 60, rate);
      assertThat(outcome.lateShare()).isLessThanOrEqualTo(leastLate(seed, 60, rate) + late);
      assertThat(accuracy(outcome)).isGreaterThan(accuracyAt(DemoModel.CHEAPEST) + gain);
    }
  }

  @Test
  void shouldBeLateHardlyMoreThanTheFastestPointInASawtooth() {
    DoubleUnaryOperator rate = t -> full * (0.3 + 1.6 * (t % 15) / 15);
    for (long seed : SEEDS) {
      SimulatedOutcome outcome = run(seed, 60, rate);
      assertThat(outcome.lateShare()).isLessThanOrEqualTo(leastLate(seed, 60, rate) + 0.02);
      assertThat(accuracy(outcome)).isGreaterThan(accuracyAt(DemoModel.CHEAPEST) + 0.03);
    }
  }

  @Test
  void shouldGoDownInTimeOnARamp() {
    SimulatedOutcome outcome = run(1, 60, t -> full * (0.5 + 1.4 * t / 60));
    assertThat(outcome.lateShare()).isLessThan(0.001);
    assertThat(accuracy(outcome)).isGreaterThan(accuracyAt(DemoModel.CHEAPEST) + 0.02);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 1, 2})
  void shouldReturnToFullQualityWithinTwoSecondsOfTheEndOfABacklog(double surveyed) {
    DoubleUnaryOperator rate =
        ArrivalTimes.phases(10, 0.5 * full, 1.4 * lowest, 0.5 * full, 0.5 * full);
    for (long seed : SEEDS) {
      SimulatedOutcome outcome = run(seed, 40, rate, DemoModel.cost(surveyed));
      double gone = outcome.backlogGone(20, 2 * DemoModel.BATCH);
      assertThat(outcome.pointAt(19)).isEqualTo(DemoModel.CHEAPEST);
      assertThat(accuracy(outcome, gone + 2, 40)).isGreaterThan(accuracyAt(DemoModel.BEST) - 1e-6);
    }
  }

  @ParameterizedTest
  @CsvSource({"0.5, 0.5", "0.5, 1.25", "0.5, 1.5", "2, 0.5", "2, 1.25", "2, 1.5"})
  void shouldFindTheBestPointWithASurveyThatWasWrongByAFactor(double surveyed, double load) {
    for (long seed : SEEDS) {
      double rate = load * full;
      SimulatedOutcome outcome = run(seed, 60, t -> rate, DemoModel.cost(surveyed));
      assertThat(outcome.lateShare()).isLessThan(0.02);
      assertThat(accuracy(outcome, 10, 60)).isGreaterThan(accuracyFor(rate) - 0.002);
    }
  }

  @Test
  void shouldNotTakeTheLongerRunsOfARestedInstanceForLostThroughput() {
    instance.wake = 0.008;
    for (long seed : SEEDS) {
      SimulatedOutcome outcome = run(seed, 40, ArrivalTimes.phases(20, 0.4 * full, 1.5 * full));
      assertThat(accuracy(outcome, 25, 40)).isGreaterThan(accuracyFor(1.5 * full) - 0.002);
      assertThat(outcome.lateShare()).isLessThan(0.001);
    }
  }

  @Test
  void shouldStayInTimeWhenTheReadingStallsAsTheLoadRises() {
    DoubleUnaryOperator rate =
        ArrivalTimes.phases(10, 0.5 * full, 1.5 * full, 0.5 * full, 0.5 * full);
    instance.stalled = t -> t > 9 && t < 25;
    for (long seed : SEEDS) {
      SimulatedOutcome outcome = run(seed, 40, rate);
      // the instance holds 512 images, 0.6 s of work: it sees the backlog by itself
      assertThat(outcome.lateShare()).isLessThan(0.02);
      assertThat(accuracy(outcome, 25, 40)).isGreaterThan(accuracyAt(DemoModel.BEST) - 0.001);
    }
  }

  @Test
  void shouldWorkByTheInstancesOwnImagesWhereNothingIsEverRead() {
    DoubleUnaryOperator rate =
        ArrivalTimes.phases(10, 0.5 * full, 1.4 * full, 0.5 * full, 0.5 * full);
    instance.stalled = t -> true;
    for (long seed : SEEDS) {
      SimulatedOutcome outcome = run(seed, 40, rate);
      assertThat(outcome.lateShare()).isLessThan(0.01);
      assertThat(outcome.pointAt(10)).isEqualTo(DemoModel.BEST);
      assertThat(outcome.pointAt(19)).isNotEqualTo(DemoModel.BEST);
      assertThat(outcome.pointAt(29)).isEqualTo(DemoModel.BEST);
    }
  }

  @Test
  void shouldBeInTimeAndAsAccurateAsTheProportionalOneUnderEveryDisturbance() {
    List<ControllerTable.Row> rows =
        ControllerTable.rows(
            ControllerCells.all()
                .filter(cell -> cell.seed() == 1 && (cell.scale() == 1 || cell.scale() == 4))
                .filter(cell -> cell.load() == 0.7 || cell.load() == 1.1));
    for (int i = 0; i < rows.size(); i += 2) {
      ControllerTable.Row own = rows.get(i);
      ControllerTable.Row baseline = rows.get(i + 1);
      assertThat(own.policy() + baseline.policy()).isEqualTo("adaptiveproportional");
      assertThat(own.late()).as("%s", own.cell()).isLessThanOrEqualTo(baseline.late() + 0.005);
      assertThat(own.accuracy())
          .as("%s", own.cell())
          .isGreaterThanOrEqualTo(baseline.accuracy() - 0.002);
    }
    assertThat(rows).hasSize(2 * 2 * 2 * ControllerCells.Disturbance.values().length);
  }

  @Test
  void shouldSettleUnderASteadyLoad() {
    SimulatedOutcome outcome = run(1, 60, t -> 1.5 * full);
    double[] slots =
        outcome.batches().stream()
            .filter(batch -> batch.startSeconds() > 15)
            .mapToDouble(batch -> batch.point().capacityRatio() * batch.point().expertsPerToken())
            .toArray();
    double mean = Arrays.stream(slots).average().orElseThrow();
    double spread =
        Math.sqrt(Arrays.stream(slots).map(x -> (x - mean) * (x - mean)).average().orElseThrow());
    assertThat(spread).as("around %.2f slots a token", mean).isLessThan(0.15);
  }

  @Test
  void shouldPredictDelaysThatComeTrue() {
    CostModel cost = DemoModel.cost(1);
    List<Double> actual = new ArrayList<>();
    List<Double> runErrors = new ArrayList<>();
    CapacityObserver observer =
        new CapacityObserver() {
          @Override
          public void backlogAnswered(long nanos) {
            actual.add((double) nanos);
          }

          @Override
          public void runEnded(long predictedNanos, long actualNanos) {
            runErrors.add(Math.abs((double) actualNanos / predictedNanos - 1));
          }
        };
    LearningCapacity controller =
        LearningCapacity.adaptive(cost, DemoModel.ladder(cost), BUDGET, observer);
    List<Double> errors = new ArrayList<>();
    AtomicLong followed = new AtomicLong(); // what was predicted when the backlog was noted
    CapacityController compared =
        sample -> {
          Decision decision = controller.decide(sample);
          if (!actual.isEmpty()) {
            errors.add(Math.abs(actual.remove(0) - followed.getAndSet(0)));
          }
          followed.compareAndSet(0, decision.predictedDelayNanos());
          return decision;
        };
    instance.run(ArrivalTimes.poisson(1, 30, t -> 1.2 * full).seconds(), compared);
    assertThat(errors).hasSizeGreaterThan(100);
    assertThat(mean(errors)).isLessThan(80e6);
    assertThat(mean(runErrors)).isBetween(0.02, 0.2);
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }
}
