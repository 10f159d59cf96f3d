package dev.vmoe.core.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CostModelTest {

  private static final OperatingPoint POINT = new OperatingPoint(1.05, 2);
  private static final OperatingPoint CHEAP = new OperatingPoint(0.1, 1);

  private static RunTime run(OperatingPoint point, int images, double millis) {
    return new RunTime(point, images, Math.round(millis * 1e6));
  }

  private static Sample after(RunTime run, int images, int waiting, double idleMillis) {
    return Samples.of(0, images, waiting, 0, Math.round(idleMillis * 1e6), run, Load.UNKNOWN);
  }

  private static OptionalDouble learn(CostModel cost, Sample sample) {
    return cost.observe(sample, 32);
  }

  private static CostModel model() {
    return new CostModel(
        List.of(
            run(POINT, 8, 12),
            run(POINT, 2, 6),
            run(POINT, 32, 36),
            run(CHEAP, 2, 4),
            run(CHEAP, 32, 19)));
  }

  @Test
  void shouldBeLinearBetweenMeasuredBatchSizes() {
    CostModel cost = model();
    assertThat(cost.runSeconds(POINT, 2)).isCloseTo(0.006, within(1e-9));
    assertThat(cost.runSeconds(POINT, 5)).isCloseTo(0.009, within(1e-9));
    assertThat(cost.runSeconds(POINT, 20)).isCloseTo(0.024, within(1e-9));
    assertThat(cost.imagesPerSecond(POINT, 32)).isCloseTo(32 / 0.036, within(1e-6));
  }

  @Test
  void shouldGoOnBeyondTheEnds() {
    CostModel cost = model();
    assertThat(cost.runSeconds(POINT, 1)).isCloseTo(0.005, within(1e-9));
    assertThat(cost.runSeconds(POINT, 62)).isCloseTo(0.066, within(1e-9)); // 1 ms an image
  }

  @Test
  void shouldTakeOneSizeAsProportional() {
    CostModel cost = new CostModel(List.of(run(POINT, 10, 20)));
    assertThat(cost.runSeconds(POINT, 5)).isCloseTo(0.010, within(1e-9));
    assertThat(cost.runSeconds(POINT, 40)).isCloseTo(0.080, within(1e-9));
  }

  @Test
  void shouldNeverTakeLessForMoreImages() {
    CostModel cost = new CostModel(List.of(run(POINT, 1, 9), run(POINT, 8, 7), run(POINT, 32, 30)));
    assertThat(cost.runSeconds(POINT, 8)).isCloseTo(0.009, within(1e-9));
    for (int images = 1; images < 100; images++) {
      assertThat(cost.runSeconds(POINT, images + 1))
          .isGreaterThanOrEqualTo(cost.runSeconds(POINT, images));
    }
  }

  @Test
  void shouldRefuseWhatWasNotMeasured() {
    assertThatThrownBy(() -> model().runSeconds(new OperatingPoint(0.5, 2), 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0.5");
    assertThatThrownBy(() -> model().runSeconds(POINT, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new CostModel(List.of())).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new CostModel(List.of(run(POINT, 8, 1), run(POINT, 8, 2))))
        .hasMessageContaining("twice");
  }

  @Test
  void shouldFollowAMachineThatBecomesSlowerAtEveryPoint() {
    CostModel cost = model();
    Random random = new Random(1);
    for (int i = 0; i < 60; i++) {
      learn(cost, after(run(POINT, 32, 72 * Math.exp(0.1 * random.nextGaussian())), 32, 0, 0));
    }
    assertThat(cost.runSeconds(POINT, 32)).isCloseTo(0.072, within(0.010));
    assertThat(cost.runSeconds(CHEAP, 32)).isCloseTo(0.038, within(0.006)); // twice 19 ms
    assertThat(cost.surveyedSeconds(CHEAP, 32)).isCloseTo(0.019, within(1e-9));
  }

  private static Sample at(long seconds, RunTime run) {
    return Samples.of(seconds * 1_000_000_000L, 32, 0, 0, 0, run, Load.UNKNOWN);
  }

  @Test
  void shouldLearnFromSmallBatchesAsMuchAsTheyRun() {
    CostModel small = model();
    for (int i = 0; i < 10; i++) {
      learn(small, after(run(POINT, 1, 10), 1, 0, 0)); // twice the 5 ms expected, for 0.1 s
    }
    CostModel large = model();
    learn(large, after(run(POINT, 62, 132), 62, 0, 0)); // twice the 66 ms
    assertThat(small.machineFactor()).isCloseTo(1.26, within(0.05));
    assertThat(large.machineFactor()).isCloseTo(1.26, within(0.05));
  }

  @Test
  void shouldComeBackFromASlowTimeWhateverTheBatches() {
    CostModel cost = model();
    for (int i = 0; i < 100; i++) {
      learn(cost, after(run(POINT, 32, 108), 32, 40, 0)); // three times as slow
    }
    assertThat(cost.machineFactor()).isCloseTo(3, within(0.05));
    for (int i = 0; i < 200; i++) {
      learn(cost, after(run(CHEAP, 2, 4), 2, 0, 0)); // 0.8 s of small runs at the old speed
    }
    assertThat(cost.machineFactor()).isCloseTo(1, within(0.1));
  }

  @Test
  void shouldForgetWhatItLearntWhileNothingRuns() {
    CostModel cost = model();
    for (int i = 0; i < 100; i++) {
      learn(cost, after(run(POINT, 32, 108), 32, 40, 0));
    }
    RunTime last = run(POINT, 32, 108);
    learn(cost, at(0, last));
    double slow = cost.machineFactor();
    learn(cost, at(60, last));
    assertThat(cost.machineFactor() - 1).isCloseTo((slow - 1) / 2, within(1e-9));
  }

  @Test
  void shouldCountOnWhatRunsAtOnce() {
    CostModel two = new CostModel(List.of(run(POINT, 32, 40)), 2);
    assertThat(two.runSeconds(POINT, 32)).isCloseTo(0.040, within(1e-9));
    assertThat(two.imagesPerSecond(POINT, 32)).isCloseTo(1600, within(1e-6));
    assertThat(two.unlearnt().imagesPerSecond(POINT, 32)).isCloseTo(1600, within(1e-6));
    assertThatThrownBy(() -> new CostModel(List.of(run(POINT, 32, 40)), 0))
        .hasMessageContaining("0 runs");
  }

  @Test
  void shouldBeLinearBetweenMeasuredRatiosOfOneExpertsPerToken() {
    CostModel cost =
        new CostModel(
            List.of(
                run(new OperatingPoint(0.5, 2), 32, 20), run(new OperatingPoint(1, 2), 32, 40)));
    OperatingPoint between = new OperatingPoint(0.75, 2);
    assertThat(cost.surveyedSeconds(between, 32)).isCloseTo(0.030, within(1e-9));
    assertThat(cost.knows(between)).isTrue();
    assertThat(cost.knows(new OperatingPoint(0.75, 1))).isFalse();
    assertThat(cost.knows(new OperatingPoint(1.01, 2))).isFalse();
    assertThat(learn(cost, after(run(between, 32, 60), 32, 0, 0)).getAsDouble())
        .isCloseTo(0.030, within(1e-9));
    assertThat(cost.machineFactor()).isGreaterThan(1.1);
  }

  @Test
  void shouldKnowNothingButTheSurveyWhenUnlearnt() {
    CostModel cost = model();
    for (int i = 0; i < 40; i++) {
      learn(cost, after(run(POINT, 32, 72), 32, 1, 3));
    }
    CostModel unlearnt = cost.unlearnt();
    assertThat(unlearnt.runSeconds(POINT, 32)).isCloseTo(0.036, within(1e-9));
    assertThat(unlearnt.gapSeconds()).isZero();
  }

  @Test
  void shouldNotTakeAPauseForATrend() {
    CostModel cost = model();
    learn(cost, after(run(POINT, 32, 10_000), 32, 0, 0));
    assertThat(cost.runSeconds(POINT, 32)).isLessThan(0.060);
  }

  @Test
  void shouldNotLearnTwiceFromOneRun() {
    CostModel cost = model();
    RunTime slow = run(POINT, 32, 72);
    learn(cost, after(slow, 32, 0, 0));
    double once = cost.machineFactor();
    learn(cost, after(slow, 32, 0, 0)); // the run between the two failed
    assertThat(cost.machineFactor()).isEqualTo(once);
  }

  @Test
  void shouldLearnTheGapOnlyWhileImagesWait() {
    CostModel cost = model();
    for (int i = 0; i < 60; i++) {
      learn(cost, after(run(POINT, 32, 36), 32, 0, 500));
    }
    assertThat(cost.gapSeconds()).isZero();
    for (int i = 0; i < 60; i++) {
      learn(cost, after(run(POINT, 32, 36), 32, 40, 6));
    }
    assertThat(32 * cost.gapSeconds()).isCloseTo(0.006, within(1e-4));
    assertThat(cost.imagesPerSecond(POINT, 32)).isCloseTo(32 / 0.042, within(5.0));
    for (int i = 0; i < 600; i++) {
      learn(cost, after(run(POINT, 8, 12), 8, 40, 0)); // a batch that is not full
    }
    assertThat(32 * cost.gapSeconds()).isCloseTo(0.006, within(1e-4));
  }

  @Test
  void shouldPredictARunBeforeItLearnsFromIt() {
    CostModel cost = model();
    RunTime slow = run(POINT, 32, 54);
    assertThat(learn(cost, after(slow, 32, 0, 0)).getAsDouble()).isCloseTo(0.036, within(1e-9));
    assertThat(learn(cost, after(slow, 32, 0, 0))).as("the same run").isEmpty();
    for (int i = 0; i < 200; i++) {
      learn(cost, after(run(POINT, 32, 54), 32, 0, 0));
    }
    assertThat(learn(cost, after(run(POINT, 32, 54), 32, 0, 0)).getAsDouble())
        .isCloseTo(0.054, within(0.001));
  }

  @Test
  void shouldIgnoreRunsOfAPointThatWasNotMeasured() {
    CostModel cost = model();
    RunTime unknown = run(new OperatingPoint(0.7, 2), 32, 100);
    assertThat(learn(cost, after(unknown, 32, 0, 0))).isEmpty();
    assertThat(cost.machineFactor()).isEqualTo(1);
  }

  @Test
  void shouldKnowEachModelByItselfAndTheMachineForAll() {
    OperatingPoint half = new OperatingPoint(0.5, 2);
    OperatingPoint full = new OperatingPoint(1.0, 2);
    CostModel cost =
        CostModel.ofModels(
            List.of(
                new CostModel(
                    List.of(new RunTime(half, 10, 30_000_000), new RunTime(full, 10, 40_000_000))),
                new CostModel(List.of(new RunTime(full, 10, 10_000_000)))));

    assertThat(cost.points()).containsExactly(half, full, full.ofModel(1));
    assertThat(cost.surveyedSeconds(new OperatingPoint(0.75, 2), 10))
        .isCloseTo(0.035, within(1e-9));
    assertThat(cost.surveyedSeconds(full.ofModel(1), 10)).isCloseTo(0.010, within(1e-9));
    assertThat(cost.knows(half.ofModel(1))).as("measured for another model only").isFalse();

    RunTime slow = new RunTime(full.ofModel(1), 10, 20_000_000);
    cost.observe(Samples.of(0, 10, 0, 0, 0, slow, Load.UNKNOWN), 10);

    assertThat(cost.runSeconds(full, 10)).as("the machine is slow for all").isGreaterThan(0.0401);
  }
}
