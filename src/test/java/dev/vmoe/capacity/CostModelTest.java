package dev.vmoe.capacity;

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
    return new Sample(0, images, waiting, 0, Math.round(idleMillis * 1e6), run, Load.UNKNOWN);
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
  void shouldCountFullBatchesAndTheRestOfABacklog() {
    CostModel cost = model();
    assertThat(cost.backlogSeconds(POINT, 0, 32)).isZero();
    assertThat(cost.backlogSeconds(POINT, 5, 32)).isCloseTo(0.009, within(1e-9));
    assertThat(cost.backlogSeconds(POINT, 69, 32)).isCloseTo(0.081, within(1e-9));
  }

  @Test
  void shouldFollowAMachineThatBecomesSlowerAtEveryPoint() {
    CostModel cost = model();
    Random random = new Random(1);
    for (int i = 0; i < 60; i++) {
      learn(cost, after(run(POINT, 32, 72 * Math.exp(0.1 * random.nextGaussian())), 32, 0, 0));
    }
    assertThat(cost.runSeconds(POINT, 32)).isCloseTo(0.072, within(0.010));
    assertThat(cost.runSeconds(CHEAP, 32)).isBetween(0.028, 0.042); // twice 19 ms, mostly
    assertThat(cost.surveyedSeconds(CHEAP, 32)).isCloseTo(0.019, within(1e-9));
  }

  @Test
  void shouldBlameThePointForWhatShowsWhenItIsTaken() {
    CostModel cost = model();
    for (int visit = 0; visit < 4; visit++) {
      for (int i = 0; i < 40; i++) {
        learn(cost, after(run(POINT, 32, 36), 32, 0, 0));
      }
      for (int i = 0; i < 40; i++) {
        learn(cost, after(run(CHEAP, 32, 28), 32, 0, 0)); // surveyed as 19
      }
    }
    assertThat(cost.runSeconds(CHEAP, 32)).isCloseTo(0.028, within(0.002));
    assertThat(cost.runSeconds(POINT, 32)).isCloseTo(0.036, within(0.005));
  }

  @Test
  void shouldForgetWhatItLearntOfAPointThatDoesNotRun() {
    CostModel cost = model();
    for (int i = 0; i < 40; i++) {
      learn(cost, after(run(CHEAP, 32, 19), 32, 0, 0));
    }
    for (int i = 0; i < 8; i++) {
      learn(cost, after(run(POINT, 32, 108), 32, 0, 0)); // surveyed as 36
    }
    RunTime cheap = run(CHEAP, 32, 19);
    learn(cost, at(0, cheap));
    double slow = cost.runSeconds(POINT, 32) / cost.runSeconds(CHEAP, 32);
    assertThat(slow).isGreaterThan(1.2 * 36 / 19);
    learn(cost, at(60, cheap));
    assertThat(cost.runSeconds(POINT, 32) / cost.runSeconds(CHEAP, 32)).isLessThan(0.9 * slow);
    for (int minute = 2; minute < 8; minute++) {
      learn(cost, at(60 * minute, cheap));
    }
    assertThat(cost.runSeconds(POINT, 32) / cost.runSeconds(CHEAP, 32))
        .isCloseTo(36.0 / 19, within(0.1));
  }

  private static Sample at(long seconds, RunTime run) {
    return new Sample(seconds * 1_000_000_000L, 32, 0, 0, 0, run, Load.UNKNOWN);
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
  void shouldLearnLittleFromSmallBatches() {
    CostModel cost = model();
    for (int i = 0; i < 5; i++) {
      learn(cost, after(run(POINT, 1, 20), 1, 0, 0)); // 5 ms expected
    }
    assertThat(cost.machineFactor()).isBetween(1.0, 1.1);
  }

  @Test
  void shouldNotTakeSmallBatchesOfAQuietTimeForLostThroughput() {
    CostModel cost = model();
    double throughput = cost.imagesPerSecond(POINT, 32);
    for (int i = 0; i < 50; i++) {
      learn(cost, after(run(POINT, 1, 7), 1, 0, 0)); // 5 ms expected
    }
    assertThat(cost.runSeconds(POINT, 1)).isGreaterThan(0.0055);
    assertThat(cost.imagesPerSecond(POINT, 32)).isEqualTo(throughput);
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
    assertThat(cost.gapSeconds()).isCloseTo(0.006, within(1e-4));
    assertThat(cost.imagesPerSecond(POINT, 32)).isCloseTo(32 / 0.042, within(5.0));
    for (int i = 0; i < 600; i++) {
      learn(cost, after(run(POINT, 8, 12), 8, 40, 1.5));
    }
    assertThat(cost.gapSeconds()).isCloseTo(0.006, within(1e-4)); // a quarter of the images
  }

  @Test
  void shouldMeasureItsErrorBeforeItLearns() {
    CostModel cost = model();
    assertThat(cost.relativeError()).isZero();
    RunTime slow = run(POINT, 32, 54);
    assertThat(learn(cost, after(slow, 32, 0, 0)).getAsDouble()).isCloseTo(0.036, within(1e-9));
    assertThat(learn(cost, after(slow, 32, 0, 0))).as("the same run").isEmpty();
    assertThat(cost.relativeError()).isCloseTo(0.5, within(1e-6));
    for (int i = 0; i < 200; i++) {
      learn(cost, after(run(POINT, 32, 54), 32, 0, 0));
    }
    assertThat(cost.relativeError()).isLessThan(0.01);
  }

  @Test
  void shouldIgnoreRunsOfAPointThatWasNotMeasured() {
    CostModel cost = model();
    RunTime unknown = run(new OperatingPoint(0.7, 2), 32, 100);
    assertThat(learn(cost, after(unknown, 32, 0, 0))).isEmpty();
    assertThat(cost.machineFactor()).isEqualTo(1);
  }

  @Test
  void shouldTakeTheSizeOfAFullBatchFromWhatItObserves() {
    CostModel cost = model();
    double eight = cost.runSeconds(POINT, 8);
    cost.observe(after(run(POINT, 8, 18), 8, 0, 0), 32); // small: 6 ms more are for the wake
    assertThat(cost.machineFactor()).isEqualTo(1);
    assertThat(cost.runSeconds(POINT, 8)).isCloseTo(eight + 0.15 * 0.006, within(1e-9));

    cost.observe(after(run(POINT, 8, 18), 8, 0, 0), 16); // half of a full one: the machine's
    assertThat(cost.machineFactor()).isGreaterThan(1);
    assertThat(cost.runSeconds(POINT, 8)).isCloseTo(eight * cost.machineFactor(), within(1e-9));
  }
}
