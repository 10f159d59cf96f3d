package dev.vmoe.core.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Hand-worked: runs of 20 ms and 10 images. */
class LearningCapacityTest {

  private static final long MS = 1_000_000L;
  private static final OperatingPoint POINT = new OperatingPoint(1, 1);
  private static final LatencyBudget BUDGET =
      new LatencyBudget(Duration.ofSeconds(1), Duration.ofMillis(150));

  private final List<Situation> situations = new ArrayList<>();
  private final Recorder recorder = new Recorder();
  private final CostModel cost = new CostModel(List.of(new RunTime(POINT, 10, 20 * MS)));

  private static final class Recorder implements CapacityObserver {
    final List<Long> predictedRuns = new ArrayList<>();
    final List<Long> runs = new ArrayList<>();
    final List<Long> delays = new ArrayList<>();
    double best;
    double fastest;

    @Override
    public void runEnded(long predictedNanos, long actualNanos) {
      predictedRuns.add(predictedNanos);
      runs.add(actualNanos);
    }

    @Override
    public void backlogAnswered(long actualDelayNanos) {
      delays.add(actualDelayNanos);
    }

    @Override
    public void decided(double bestPerSecond, double fastestPerSecond) {
      best = bestPerSecond;
      fastest = fastestPerSecond;
    }
  }

  private static Ladder ladder(CostModel cost) {
    QualityProfile quality = QualityProfile.assumed(List.of(1.0), 1);
    return Ladder.of(cost, quality, DemoModel.ROUTING, 10, new PointBounds(1, 1, 1, 1));
  }

  private Decision predict40(Situation situation) {
    situations.add(situation);
    return new Decision(POINT, DemoModel.ROUTING, "told", 40 * MS, null);
  }

  private static Sample at(long millis, int waiting, long ageMillis, RunTime lastRun) {
    return Samples.of(millis * MS, 10, waiting, ageMillis * MS, 0, lastRun, Load.UNKNOWN);
  }

  private static RunTime run(long millis) {
    return new RunTime(POINT, 10, millis * MS);
  }

  @Test
  void shouldCompareItsPredictionsWithWhatHappens() {
    LearningCapacity controller =
        new LearningCapacity(cost, ladder(cost), this::predict40, recorder);
    controller.decide(at(0, 10, 0, null));
    controller.decide(at(20, 10, 0, run(20)));
    assertThat(recorder.delays).isEmpty();
    controller.decide(at(40, 10, 0, run(20)));

    assertThat(recorder.delays).containsExactly(40 * MS); // 20 images in two runs
    assertThat(recorder.predictedRuns).containsExactly(20 * MS, 20 * MS);
    assertThat(recorder.runs).containsExactly(20 * MS, 20 * MS);
    // 20 images in 40 ms; before half a second was seen, they count as those of half a second
    assertThat(situations.get(2).load().arrivalsPerSecond()).isCloseTo(62, within(1.5));
    // 20 inside; nothing is read, so the 20 that came in are the head of as long a queue outside
    assertThat(situations.get(2).load().backlogImages()).isEqualTo(40);
  }

  @Test
  void shouldCountWhatStillRunsAsNotAnswered() {
    LearningCapacity controller =
        new LearningCapacity(cost, ladder(cost), this::predict40, recorder);
    controller.decide(atOnce(0, 0, null)); // 10 about to run, none waits
    controller.decide(atOnce(10, 10, null)); // 10 more, while those run: nothing is answered
    assertThat(recorder.delays).isEmpty();
    controller.decide(atOnce(20, 10, run(20))); // the first ended, the second runs

    assertThat(recorder.delays).containsExactly(20 * MS);
  }

  private static Sample atOnce(long millis, int running, RunTime lastRun) {
    return Samples.of(millis * MS, 10, 0, running, 0, 0, lastRun, Load.UNKNOWN);
  }

  @Test
  void shouldReportARunOnceAsItWasPredictedBeforeItWasLearnt() {
    LearningCapacity controller =
        new LearningCapacity(cost, ladder(cost), this::predict40, recorder);
    RunTime slow = run(40);
    controller.decide(at(0, 10, 0, null));
    controller.decide(at(40, 10, 0, slow));
    controller.decide(at(80, 10, 0, slow)); // the run between the two failed

    assertThat(recorder.predictedRuns).containsExactly(20 * MS);
    assertThat(recorder.runs).containsExactly(40 * MS);
    // the policy sees what was learnt: 20 ms of the 0.2 s that are averaged
    double machine = 1 + (1 - Math.exp(-0.1));
    assertThat(situations.get(1).cost().machineFactor()).isCloseTo(machine, within(1e-4));
    assertThat(recorder.best).isCloseTo(500 / machine, within(0.1));
  }

  @Test
  void shouldForgetPredictionsWhenNothingWaited() {
    LearningCapacity controller =
        new LearningCapacity(cost, ladder(cost), this::predict40, recorder);
    controller.decide(at(0, 0, 0, null));
    // the first run ended at 20 ms, the first image of this batch came at 970
    controller.decide(at(1000, 0, 30, run(20)));
    controller.decide(at(1020, 0, 0, run(20)));

    assertThat(recorder.delays).containsExactly(20 * MS, 20 * MS);
  }

  @Test
  void shouldPredictTheTimeToClearTheQueue() {
    Sample sample = Samples.of(0, 10, 0, 0, 0, null, new Load(35, 0, 0));
    Situation situation = new Situation(sample, new Load(35, 0, 0), cost, 10);
    // this batch, two full ones, and 10 ms for the five images left
    assertThat(situation.imagesBehind()).isEqualTo(25);
    assertThat(situation.delaySeconds(POINT)).isCloseTo(0.07, within(1e-9));
    assertThat(situation.imagesPerSecond(POINT)).isCloseTo(500, within(1e-9));
  }

  @Test
  void shouldChangeNoSharedCostWhenItIsMade() {
    CostModel shared = DemoModel.cost(1);
    shared.observe(Samples.of(0, 4, 0, 0, 0, null, Load.UNKNOWN), 32);
    OperatingPoint best = DemoModel.BEST;
    RunTime small = new RunTime(best, 4, 20 * MS);
    shared.observe(Samples.of(0, 4, 0, 0, 0, small, Load.UNKNOWN), 32);
    double rested = shared.runSeconds(best, 4); // with what was learnt

    LearningCapacity.adaptive(shared, DemoModel.ladder(shared), BUDGET, CapacityObserver.NONE);
    assertThat(shared.runSeconds(best, 4)).isEqualTo(rested);
    LearningCapacity.fixed(shared, best, DemoModel.ROUTING, 4, CapacityObserver.NONE);
    assertThat(shared.runSeconds(best, 4)).isEqualTo(rested);
  }

  @Test
  void shouldStayAtAFixedPointAndStillLearn() {
    CapacityController controller =
        LearningCapacity.fixed(cost, POINT, DemoModel.ROUTING, 10, recorder);
    Decision decision = controller.decide(at(0, 10_000, 0, null));
    controller.decide(at(40, 10_000, 0, run(40)));

    assertThat(decision.point()).isEqualTo(POINT);
    assertThat(decision.reason()).isEqualTo("fixed");
    assertThat(decision.predictedDelayNanos()).isZero();
    assertThat(cost.machineFactor()).isGreaterThan(1.09);
    assertThat(recorder.fastest).isEqualTo(recorder.best).isLessThan(500);
  }

  @Test
  void shouldKnowNoThroughputOfAFixedPointThatNobodyMeasured() {
    OperatingPoint unknown = new OperatingPoint(0.77, 2);
    LearningCapacity.fixed(cost, unknown, DemoModel.ROUTING, 10, recorder)
        .decide(at(0, 10, 0, null));

    assertThat(recorder.best).isNaN();
    assertThat(recorder.fastest).isNaN();
  }
}
