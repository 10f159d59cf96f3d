package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.capacity.ArrivalTimes;
import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.DemoModel;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.RunTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulated instance where a formula says what has to come out. */
class SimulatedInstanceTest {

  private static final OperatingPoint POINT = new OperatingPoint(1.05, 2);
  private static final CapacityController FIXED = new FixedCapacity(POINT, DemoModel.ROUTING);
  private static final double RUN = 0.01;

  private static SimulatedInstance bare(int batchImages) {
    return bare(batchImages, 1);
  }

  /** Runs of 10 ms whatever the batch, nothing else takes time, commits at once. */
  private static SimulatedInstance bare(int batchImages, int runs) {
    CostModel cost =
        new CostModel(
            List.of(
                new RunTime(POINT, 1, Math.round(RUN * 1e9)),
                new RunTime(POINT, 64, Math.round(RUN * 1e9))),
            runs);
    return new SimulatedInstance(cost, batchImages)
        .linger(0)
        .commitInterval(0)
        .gapPerImage(0)
        .transport(0, 0)
        .noise(0, 0)
        .inFlightImages(1_000_000);
  }

  /** M/D/1: the mean wait is ρ · s / (2 (1 − ρ)). */
  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.6, 0.8, 0.9})
  void shouldWaitAsLongAsTheFormulaSaysWhereBatchesAreOfOne(double load) {
    double[] sent = ArrivalTimes.poisson(1, 3_000, t -> load / RUN).seconds();

    SimulatedOutcome outcome = bare(1).run(sent, FIXED);

    double wait = load * RUN / (2 * (1 - load));
    assertThat(outcome.mean() - RUN).isCloseTo(wait, within(0.05 * wait));
    double busy = outcome.batches().size() * RUN / sent[sent.length - 1];
    assertThat(busy).isCloseTo(load, within(0.01));
    assertThat(outcome.meanBatch()).isEqualTo(1);
  }

  /** Images come together: two run at once, the third waits for the first of them. */
  @Test
  void shouldRunAsManyAtOnceAsTheModelOfCostSays() {
    List<Integer> running = new ArrayList<>();
    CapacityController recorded =
        sample -> {
          running.add(sample.runningImages());
          return FIXED.decide(sample);
        };

    SimulatedOutcome outcome = bare(1, 2).run(new double[] {1, 1, 1, 1.005, 1.025}, recorded);

    assertThat(outcome.batches().stream().map(SimulatedBatch::startSeconds))
        .containsExactly(1.0, 1.0, 1.01, 1.01, 1.025);
    assertThat(running).containsExactly(0, 1, 0, 1, 0);
    assertThat(outcome.latencySeconds(3)).isCloseTo(0.015, within(1e-9));
  }

  /** With as much to do for each run, more runs wait less: half as long, and less still. */
  @Test
  void shouldWaitLessWithTwoRunsAtTheSameLoadOfEach() {
    double wait = 0.8 * RUN / (2 * (1 - 0.8));

    double[] sent = ArrivalTimes.poisson(1, 3_000, t -> 2 * 0.8 / RUN).seconds();

    assertThat(bare(1, 2).run(sent, FIXED).mean() - RUN).isBetween(0.4 * wait, 0.5 * wait);
  }

  @Test
  void shouldTakeLingerRunGapAndTransportWithoutLoad() {
    SimulatedInstance instance =
        bare(32)
            .linger(0.02)
            .gapPerImage(0.001)
            .transport(0.003, 0.005)
            .noise(0, 0.002)
            .commitInterval(0.1);

    SimulatedOutcome outcome = instance.run(new double[] {0.25, 10.08, 10.085}, FIXED);

    // 0.25 + 0.02 + 0.001 + 0.012 + 0.003 = 0.286, committed then
    assertThat(outcome.latencySeconds(0)).isCloseTo(0.041, within(1e-9));
    // of one batch
    assertThat(outcome.latencySeconds(1))
        .isCloseTo(0.005 + outcome.latencySeconds(2), within(1e-9));
  }

  /** Batches of two: the first answers are written with two images behind them. */
  @Test
  void shouldWaitForTheCommitUnlessLittleIsInFlight() {
    SimulatedInstance instance = bare(2).commitInterval(0.1);

    SimulatedOutcome outcome = instance.run(new double[] {1.02, 1.02, 1.02, 1.02, 1.02}, FIXED);

    // written at 1.03, 1.04 and 1.05, with three, one and no image behind them
    assertThat(outcome.latencySeconds(0)).isCloseTo(0.02, within(1e-9));
    assertThat(outcome.latencySeconds(2)).isCloseTo(0.02, within(1e-9));
    assertThat(outcome.latencySeconds(4)).isCloseTo(0.04, within(1e-9)); // at 1.06, not 1.05
  }

  @Test
  void shouldCommitAtTheIntervalUnderLoad() {
    SimulatedInstance instance = bare(2).commitInterval(0.1);

    SimulatedOutcome outcome =
        instance.run(IntStream.range(0, 40).mapToDouble(i -> 1.02).toArray(), FIXED);

    assertThat(outcome.latencySeconds(0)).isCloseTo(0.08, within(1e-9)); // written at 1.03
    assertThat(outcome.latencySeconds(12)).isCloseTo(0.08, within(1e-9)); // at 1.09
    assertThat(outcome.latencySeconds(18)).isCloseTo(0.18, within(1e-9)); // at 1.12
  }

  @Test
  void shouldLeaveTimeBetweenTwoCommits() {
    SimulatedInstance instance = bare(2).commitInterval(0.1);

    SimulatedOutcome outcome = instance.run(new double[] {1.02, 1.031, 1.038, 1.07}, FIXED);

    assertThat(outcome.latencySeconds(0)).isCloseTo(0.01, within(1e-9)); // at 1.03
    assertThat(outcome.latencySeconds(1)).isCloseTo(0.019, within(1e-9)); // at 1.05, not 1.041
    assertThat(outcome.latencySeconds(2)).isCloseTo(0.032, within(1e-9)); // at 1.07, not 1.051
    assertThat(outcome.latencySeconds(3)).isCloseTo(0.02, within(1e-9)); // at 1.09, not 1.08
  }

  @Test
  void shouldCloseABatchWhenItIsFullAndNotWaitForTheLinger() {
    double[] sent = {1, 1.001, 1.002, 1.003, 1.004};

    SimulatedOutcome outcome = bare(4).linger(0.1).run(sent, FIXED);

    assertThat(outcome.batches().stream().map(SimulatedBatch::images)).containsExactly(4, 1);
    assertThat(outcome.latencySeconds(0)).isCloseTo(0.003 + RUN, within(1e-9));
    assertThat(outcome.latencySeconds(4)).isCloseTo(0.1 + RUN, within(1e-9));
  }

  @Test
  void shouldFillTheNextBatchWhileOneRuns() {
    double[] sent = IntStream.range(0, 9).mapToDouble(i -> 1 + 0.001 * i).toArray();

    SimulatedOutcome outcome = bare(32).run(sent, FIXED);

    assertThat(outcome.batches().stream().map(SimulatedBatch::images)).containsExactly(1, 8);
  }

  /** A batch that never fills takes what comes within the linger, and the image that opened it. */
  @Test
  void shouldHaveAsManyImagesABatchAsComeWithinTheLinger() {
    double rate = 100;
    double linger = 0.1;

    SimulatedOutcome outcome =
        bare(1_000).linger(linger).run(ArrivalTimes.poisson(3, 500, t -> rate).seconds(), FIXED);

    assertThat(outcome.meanBatch()).isCloseTo(1 + rate * linger, within(0.2));
  }
}
