package dev.vmoe.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hand-worked: the best point answers 708 images a second, the cheapest 1,653, L is 850 ms. */
class AdaptiveCapacityTest {

  private static final long MS = 1_000_000L;
  private static final LatencyBudget BUDGET =
      new LatencyBudget(Duration.ofSeconds(1), Duration.ofMillis(150));
  private static final long DWELL_MS = Hysteresis.DEFAULT.dwell().toMillis();
  private static final Load QUIET = new Load(0, 0, 0);

  private final CostModel cost = DemoModel.cost(1);
  private final Ladder ladder = DemoModel.ladder(cost);
  private CapacityController controller = controller();
  private RunTime lastRun;

  private static CapacityController controller() {
    CostModel cost = DemoModel.cost(1);
    return new PolicyAlone(new AdaptiveCapacity(DemoModel.ladder(cost), BUDGET), cost);
  }

  private Decision at(long millis, int images, int waiting, long ageMillis, Load load) {
    Decision decision =
        controller.decide(
            new Sample(millis * MS, images, waiting, ageMillis * MS, 0, lastRun, load));
    lastRun = new RunTime(decision.point(), images, 20 * MS);
    return decision;
  }

  private static Load load(long backlog, double arrivals) {
    return new Load(backlog, arrivals, 0);
  }

  private int rung(Decision decision) {
    return ladder.rungs().indexOf(decision.point());
  }

  @Test
  void shouldTakeTheBestPointWhenNothingWaits() {
    Decision decision = at(0, 4, 0, 20, QUIET);
    assertThat(decision.point()).isEqualTo(DemoModel.BEST);
    assertThat(decision.reason()).isEqualTo("holds the best point");
    assertThat(decision.predictedDelayNanos() / 1e6).isCloseTo(7.4, within(0.1)); // 2 + 4 · 1.35
  }

  @Test
  void shouldPredictWhenTheLastWaitingImageIsAnswered() {
    Decision decision = at(0, 32, 0, 20, load(100, 0));
    // 45.2 ms for each of three full batches, 7.4 ms for the four images left
    assertThat(decision.predictedDelayNanos() / 1e6).isCloseTo(3 * 45.2 + 7.4, within(0.1));
  }

  @Test
  void shouldKeepABacklogThatTheBestPointAnswersInTime() {
    assertThat(at(0, 32, 0, 20, load(470, 0)).point()).isEqualTo(DemoModel.BEST); // 664 ms
  }

  @Test
  void shouldGoDownAtOnceToTheBestPointThatLeavesAReserve() {
    Decision decision = at(0, 32, 0, 20, load(640, 0));
    assertThat(decision.reason()).isEqualTo("backlog needs a faster point");
    assertThat(decision.predictedDelayNanos()).isLessThanOrEqualTo(637_500_000L);
    OperatingPoint better = ladder.rung(rung(decision) + 1);
    assertThat(cost.backlogSeconds(better, 640, 32)).isGreaterThan(0.6375);
  }

  @Test
  void shouldGoDownBeforeTheBacklogIsThere() {
    Decision decision = at(0, 32, 0, 20, load(60, 1400));
    assertThat(decision.reason()).isEqualTo("arrivals exceed the throughput");
    assertThat(rung(decision)).isBetween(0, ladder.top() - 1);
  }

  @Test
  void shouldGoDownWhenImagesHaveWaitedLong() {
    Decision decision = at(0, 32, 0, 800, QUIET);
    assertThat(decision.point()).isNotEqualTo(DemoModel.BEST);
  }

  @Test
  void shouldTakeTheFastestPointWhenNoneHolds() {
    Decision decision = at(0, 32, 0, 20, load(1_000_000, 5000));
    assertThat(decision.point()).isEqualTo(DemoModel.CHEAPEST);
    assertThat(decision.reason()).isEqualTo("overloaded: no point is fast enough");
  }

  @Test
  void shouldBelieveTheInstanceWhereNothingWasRead() {
    assertThat(at(0, 32, 700, 20, Load.UNKNOWN).reason()).isEqualTo("backlog needs a faster point");
  }

  @Test
  void shouldGoUpOnlyOnceABetterPointWasSafeForADwell() {
    at(0, 32, 0, 20, load(1_000_000, 5000));
    for (long millis = 100; millis < DWELL_MS; millis += 50) {
      Decision decision = at(millis, 8, 0, 20, load(8, 300));
      assertThat(decision.point()).as("at %d ms", millis).isEqualTo(DemoModel.CHEAPEST);
      assertThat(decision.reason()).isEqualTo("holds");
    }
    Decision decision = at(100 + DWELL_MS, 8, 0, 20, load(8, 300));
    assertThat(decision.point()).isEqualTo(DemoModel.BEST);
    assertThat(decision.reason()).isEqualTo("load has fallen");
  }

  @Test
  void shouldGoUpToThePointThatWasSafeThroughout() {
    at(0, 32, 0, 20, load(1_000_000, 5000));
    for (long millis = 100; millis < 100 + DWELL_MS; millis += 50) {
      // once 700, so 753 at most, and more than 687 (0.97 of the best point's 708)
      at(millis, 8, 0, 20, load(80, millis == 200 ? 700 : 300));
    }
    Decision decision = at(100 + DWELL_MS, 8, 0, 20, load(80, 300));
    assertThat(rung(decision)).isBetween(1, ladder.top() - 1);
    assertThat(cost.imagesPerSecond(decision.point(), 32) * 0.97).isGreaterThan(753);
    assertThat(at(200 + DWELL_MS, 8, 0, 20, load(80, 300)).point()).isEqualTo(decision.point());
    assertThat(at(250 + DWELL_MS, 8, 0, 20, load(80, 300)).point()).isEqualTo(DemoModel.BEST);
  }

  @Test
  void shouldNeitherGoUpNorDownBetweenTheTwoTests() {
    at(0, 32, 0, 20, load(1_000_000, 5000));
    for (long millis = 100; millis < 60_000; millis += 100) {
      at(millis, 32, 0, 20, load(80, 0.93 * 708));
    }
    Decision below = at(60_000, 32, 0, 20, load(80, 0.93 * 708));
    assertThat(rung(below)).isEqualTo(ladder.top() - 1);
    controller = controller();
    assertThat(at(0, 32, 0, 20, load(80, 0.99 * 708)).point()).isEqualTo(DemoModel.BEST);
  }

  @Test
  void shouldSeeTheEndOfABurstBeforeItIsRead() {
    long millis = 0;
    for (; millis < 1000; millis += 50) { // 2,000 a second, and 1,900 in the instance at last
      at(millis, 32, 68 + (int) (millis * 1.9), 20, load(100 + (int) (millis * 1.9), 2000));
    }
    assertThat(at(millis, 32, 900, 20, load(932, 2000)).point()).isNotEqualTo(DemoModel.BEST);
    for (millis += 50; millis < 2000; millis += 50) { // gone, but the reading still holds it
      at(millis, 15, 0, 20, load(15, 2000));
    }
    assertThat(at(millis, 15, 0, 20, load(15, 2000)).point()).isEqualTo(DemoModel.BEST);
  }

  @ParameterizedTest
  @ValueSource(longs = {1_000, 60_000, 3_600_000})
  void shouldSeeABurstAfterASilenceBeforeItIsRead(long silenceMillis) {
    long millis = 0;
    for (; millis < 1000; millis += 50) {
      at(millis, 15, 0, 20, load(15, 300));
    }
    millis += silenceMillis;
    at(millis, 1, 0, 20, load(1, 0));
    Decision decision = null;
    for (int i = 1; i <= 14; i++) { // 1,680 a second; 172 images, 0.24 s of work, wait at last
      decision = at(millis + 25 * i, 32, 10 * i, 20, load(32 + 10 * i, 0));
    }
    assertThat(decision.point()).isNotEqualTo(DemoModel.BEST);
  }

  @Test
  void shouldBelieveTheReadingWhileImagesWaitOutside() {
    at(0, 32, 0, 20, load(1_000_000, 5000));
    for (long millis = 50; millis < 3000; millis += 50) { // 300 a second come in, more wait
      at(millis, 15, 0, 20, load(100, 900));
    }
    assertThat(at(3000, 15, 0, 20, load(100, 900)).point()).isNotEqualTo(DemoModel.BEST);
  }

  @Test
  void shouldGoNearerToItsLimitTheLongerArrivalsAreSteady() {
    int soon = rungAfterSteadyArrivals(1000);
    int late = rungAfterSteadyArrivals(10_000);
    assertThat(late).isGreaterThan(soon);
  }

  private int rungAfterSteadyArrivals(long millis) {
    controller = controller();
    at(0, 32, 0, 20, load(1_000_000, 5000));
    Decision decision = null;
    for (long now = 50; now <= millis; now += 50) { // 640 a second: 0.90 of the best point's
      decision = at(now, 32, 0, 20, load(32, 640));
    }
    return rung(decision);
  }

  @Test
  void shouldNotGoUpOnAStaleReading() {
    at(0, 32, 0, 20, load(1_000_000, 5000));
    Decision decision = null;
    for (long millis = 2600; millis < 20_000; millis += 100) {
      decision = at(millis, 2, 0, 20, new Load(0, 0, 2500 * MS));
    }
    assertThat(decision.point()).isEqualTo(DemoModel.CHEAPEST);
    assertThat(decision.reason()).isEqualTo("holds: the reading of the load is old");
  }

  @Test
  void shouldStillGoDownOnAStaleReading() {
    Load stale = new Load(0, 0, 5_000 * MS);
    assertThat(at(0, 32, 0, 20, stale).point()).isEqualTo(DemoModel.BEST);
    assertThat(at(50, 32, 800, 20, stale).point()).isNotEqualTo(DemoModel.BEST);
  }

  @Test
  void shouldTakeTheFastestPointWhenBatchesKeepWaitingAndTheLoadIsNotKnown() {
    Decision decision = at(0, 32, 64, 20, Load.UNKNOWN);
    assertThat(decision.point()).isEqualTo(DemoModel.BEST);
    for (long millis = 100; millis <= 1000; millis += 100) {
      decision = at(millis, 32, 64, 120, Load.UNKNOWN);
    }
    assertThat(decision.point()).isEqualTo(DemoModel.CHEAPEST);
    assertThat(decision.reason()).isEqualTo("images wait and the load is not known");
  }

  @Test
  void shouldSeeABurstBeforeItIsRead() {
    for (long millis = 0; millis < 1000; millis += 50) {
      at(millis, 15, 0, 20, load(15, 300));
    }
    assertThat(at(1000, 32, 220, 20, new Load(15, 300, 50 * MS)).reason())
        .isEqualTo("arrivals exceed the throughput");
  }

  @Test
  void shouldTakeTheBestPointForTheFirstImageAfterASilence() {
    at(0, 32, 0, 20, load(1_000_000, 5000));
    assertThat(at(30_000, 1, 0, 20, load(1, 0)).point()).isEqualTo(DemoModel.BEST);
  }

  @Test
  void shouldNotTakeALongWaitForASilence() {
    at(0, 32, 0, 20, load(1_000_000, 5000));
    // the image was there all the time
    assertThat(at(700, 1, 0, 600, load(1, 0)).point()).isEqualTo(DemoModel.CHEAPEST);
  }

  @Test
  void shouldFollowAMachineThatBecameSlower() {
    CostModel slower = DemoModel.cost(1);
    controller =
        LearningCapacity.adaptive(slower, DemoModel.ladder(slower), BUDGET, CapacityObserver.NONE);
    for (int i = 0; i < 60; i++) {
      long nanos = Math.round(2 * DemoModel.cost(1).runSeconds(DemoModel.BEST, 32) * 1e9);
      RunTime twice = new RunTime(DemoModel.BEST, 32, nanos);
      controller.decide(new Sample(i * 100L * MS, 32, 0, 0, 0, twice, load(300, 0)));
    }
    lastRun = null;
    assertThat(at(6000, 32, 0, 20, load(400, 0)).point()).isNotEqualTo(DemoModel.BEST);
  }

  @Test
  void shouldRefuseLimitsThatWouldLeaveAndRetakeAPointAtTheSameLoad() {
    assertThatThrownBy(() -> new Hysteresis(.8, .8, .85, .5, Duration.ZERO, Duration.ZERO))
        .hasMessageContaining("0.85");
  }

  @Property(tries = 300)
  void shouldNeverAnswerMoreWithASlowerPoint(
      @ForAll @IntRange(max = 3000) int backlog,
      @ForAll @IntRange(max = 3000) int more,
      @ForAll @DoubleRange(max = 4000) double arrivals,
      @ForAll @DoubleRange(max = 4000) double moreArrivals,
      @ForAll @IntRange(max = 1500) int ageMillis,
      @ForAll @IntRange(max = 500) int older,
      @ForAll @IntRange(min = 1, max = 32) int images) {
    Decision less = controller().decide(sample(images, ageMillis, load(backlog, arrivals)));
    Decision greater =
        controller()
            .decide(
                sample(images, ageMillis + older, load(backlog + more, arrivals + moreArrivals)));
    assertThat(rung(greater)).isLessThanOrEqualTo(rung(less));
  }

  @Property(tries = 300)
  void shouldHoldOrLeaveAReserveUnlessNoPointCan(
      @ForAll @IntRange(max = 1500) int backlog, @ForAll @DoubleRange(max = 4000) double arrivals) {
    Decision decision = controller().decide(sample(32, 0, load(backlog, arrivals)));
    int rung = rung(decision);
    if (rung == ladder.top()) {
      assertThat(delayAhead(rung, backlog, arrivals)).isLessThanOrEqualTo(0.765 + 1e-9);
      return;
    }
    assertThat(delayAhead(ladder.top(), backlog, arrivals)).isGreaterThan(0.765);
    assertThat(delayAhead(rung + 1, backlog, arrivals)).isGreaterThan(0.6375);
    if (rung > 0) {
      assertThat(delayAhead(rung, backlog, arrivals)).isLessThanOrEqualTo(0.6375 + 1e-9);
    }
  }

  private double delayAhead(int rung, int backlog, double arrivals) {
    OperatingPoint point = ladder.rung(rung);
    double throughput = cost.imagesPerSecond(point, 32);
    return cost.backlogSeconds(point, Math.max(32, backlog), 32)
        + Math.max(0, arrivals - 0.98 * throughput)
            * Hysteresis.DEFAULT.horizon().toMillis()
            / 1e3
            / throughput;
  }

  private static Sample sample(int images, int ageMillis, Load load) {
    return new Sample(0, images, 0, ageMillis * MS, 0, null, load);
  }
}
