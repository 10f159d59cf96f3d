package dev.vmoe.core.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.moe.Routing;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/**
 * Hand-worked: a full batch of 10 takes 10 ms at the cheapest point, 30 ms at the best one, and is
 * proportional to images and ratio; L is 1 s.
 */
class AdaptiveCapacityTest {

  private static final long MS = 1_000_000L;
  private static final OperatingPoint BEST = new OperatingPoint(1, 2);
  private static final OperatingPoint MIDDLE = new OperatingPoint(0.5, 2);
  private static final OperatingPoint CHEAPEST = new OperatingPoint(0.25, 1);
  private static final LatencyBudget BUDGET =
      new LatencyBudget(Duration.ofMillis(1100), Duration.ofMillis(100));

  private static Decision decide(int images, long behind, double arrivals, long ageMillis) {
    return decide(images, behind, arrivals, ageMillis, 3_600_000);
  }

  private static Decision decide(
      int images, long behind, double arrivals, long ageMillis, long leftMillis) {
    CostModel cost =
        new CostModel(
            List.of(
                new RunTime(CHEAPEST, 10, 10 * MS),
                new RunTime(MIDDLE, 10, 20 * MS),
                new RunTime(BEST, 10, 30 * MS)));
    QualityProfile quality =
        new QualityProfile(
            List.of(measured(CHEAPEST, 0.8), measured(MIDDLE, 0.85), measured(BEST, 0.9)));
    Ladder ladder =
        Ladder.of(cost, quality, Routing.BATCH_PRIORITY, 10, new PointBounds(0.1, 1, 1, 2));
    Sample sample =
        new Sample(0, images, 0, 0, ageMillis * MS, 0, null, Load.UNKNOWN, 0, leftMillis * MS);
    return new AdaptiveCapacity(ladder, BUDGET)
        .choose(new Situation(sample, new Load(images + behind, arrivals, 0), cost, 10));
  }

  private static QualityProfile.Measurement measured(OperatingPoint point, double accuracy) {
    return new QualityProfile.Measurement(point, Routing.BATCH_PRIORITY, 10, accuracy);
  }

  @Test
  void shouldTakeTheBestPointWhereNothingWaits() {
    assertThat(decide(1, 0, 0, 0).point()).isEqualTo(BEST);
    assertThat(decide(1, 0, 0, 0).reason()).isEqualTo("holds the best point");
    // 300 a second: 0.9 of what the best point takes, so a queue of 0.1 s drains in a second
    assertThat(decide(10, 33, 300, 0).point()).isEqualTo(BEST);
    assertThat(decide(10, 34, 300, 0).point()).isNotEqualTo(BEST);
  }

  @Test
  void shouldFollowArrivalsBeforeThereIsAQueue() {
    // 500 a second are what the middle takes; it may have a queue of 0.5 · (1 s − 20 ms)
    OperatingPoint point = decide(10, 0, 500, 0).point();
    assertThat(point.expertsPerToken()).isEqualTo(2);
    assertThat(point.capacityRatio()).isBetween(0.5, 0.99);
  }

  @Test
  void shouldTakeTheRatioAtWhichTheQueueIsJustAllowed() {
    // at the middle: 160 · 3 ms + (500 · 2 ms − 1) − 0.5 · 0.98 = −0.01
    // at the best:   160 · 3 ms + (500 · 3 ms − 1) − 0            =  0.98
    Decision decision = decide(10, 160, 500, 0);
    assertThat(decision.point()).isEqualTo(new OperatingPoint(0.5, 2)); // 0.505, in hundredths
    assertThat(decision.reason()).isEqualTo("follows queue and arrivals");
    // with 400 a second: −0.21 at the middle, 0.68 at the best: 0.236 of the way
    assertThat(decide(10, 160, 400, 0).point()).isEqualTo(new OperatingPoint(0.61, 2));
  }

  @Test
  void shouldTakeNoRatioBetweenPointsOfDifferentExpertsPerToken() {
    assertThat(decide(10, 170, 500, 0).point()).isEqualTo(CHEAPEST);
    assertThat(decide(10, 170, 500, 0).reason()).isEqualTo("follows queue and arrivals");
  }

  @Test
  void shouldSayThatItIsOverloaded() {
    Decision decision = decide(10, 331, 1000, 0); // 0.993 s at the best point, and 0.99 s allowed
    assertThat(decision.point()).isEqualTo(CHEAPEST);
    assertThat(decision.reason()).isEqualTo("overloaded: no point is fast enough");
    assertThat(decision.predictedDelayNanos()).isEqualTo(341 * MS);
    assertThat(decide(10, 329, 1000, 0).reason()).isEqualTo("follows queue and arrivals");
  }

  @Test
  void shouldHurryWhereTheOldestImageHasWaited() {
    assertThat(decide(10, 0, 0, 919).point()).isEqualTo(BEST); // 919 + 30 ms of 950
    // 935 + 20 ms are too many, 935 + 10 are not; between the two K differs
    assertThat(decide(10, 0, 0, 935).point()).isEqualTo(CHEAPEST);
  }

  @Test
  void shouldHurryWhereADeadlineIsNear() {
    assertThat(decide(10, 0, 0, 0, 32).point()).isEqualTo(BEST); // 0.95 of it; a run takes 30 ms
    assertThat(decide(10, 0, 0, 0, 31).point()).isEqualTo(new OperatingPoint(0.97, 2));
    assertThat(decide(10, 0, 0, 0, 21).point()).isEqualTo(CHEAPEST);
  }

  @Test
  void shouldKnowOnePointAlone() {
    CostModel cost = new CostModel(List.of(new RunTime(BEST, 10, 30 * MS)));
    Ladder one =
        Ladder.of(
            cost,
            new QualityProfile(List.of(measured(BEST, 0.9))),
            Routing.BATCH_PRIORITY,
            10,
            new PointBounds(1, 1, 2, 2));
    Sample sample = Samples.of(0, 10, 0, 0, 0, null, Load.UNKNOWN);
    CapacityPolicy policy = new AdaptiveCapacity(one, BUDGET);
    assertThat(policy.choose(new Situation(sample, new Load(10, 0, 0), cost, 10)).point())
        .isEqualTo(BEST);
    Decision queued = policy.choose(new Situation(sample, new Load(200, 0, 0), cost, 10));
    assertThat(queued.point()).isEqualTo(BEST);
    assertThat(queued.reason()).isEqualTo("holds the best point");
    Decision late = policy.choose(new Situation(sample, new Load(9999, 0, 0), cost, 10));
    assertThat(late.point()).isEqualTo(BEST);
    assertThat(late.reason()).isEqualTo("overloaded: no point is fast enough");
  }

  @Property(tries = 500)
  void shouldNeverGiveMoreForMoreLoad(
      @ForAll @IntRange(min = 1, max = 10) int images,
      @ForAll @IntRange(max = 400) int behind,
      @ForAll @IntRange(max = 100) int more,
      @ForAll @DoubleRange(max = 1500) double arrivals,
      @ForAll @DoubleRange(max = 500) double faster,
      @ForAll @IntRange(max = 1000) int age) {
    double less = slots(decide(images, behind, arrivals, age));
    assertThat(slots(decide(images, (long) behind + more, arrivals, age)))
        .isLessThanOrEqualTo(less);
    assertThat(slots(decide(images, behind, arrivals + faster, age))).isLessThanOrEqualTo(less);
    assertThat(less).isBetween(0.25, 2.0);
    assertThat(decide(images, behind, arrivals, age).routing()).isEqualTo(Routing.BATCH_PRIORITY);
  }

  private static double slots(Decision decision) {
    return decision.point().capacityRatio() * decision.point().expertsPerToken();
  }

  @Test
  void shouldPredictTheDelayOfItsPoint() {
    assertThat(decide(10, 20, 100, 0).predictedDelayNanos() / 1e9).isCloseTo(0.09, within(1e-6));
  }
}
