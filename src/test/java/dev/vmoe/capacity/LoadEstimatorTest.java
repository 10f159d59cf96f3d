package dev.vmoe.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LoadEstimatorTest {

  private static final long MS = 1_000_000L;

  private final LoadEstimator estimator = new LoadEstimator();
  private Sample previous;

  private LoadEstimate estimate(Sample sample) {
    if (previous != null) {
      estimator.follow(previous, sample);
    }
    previous = sample;
    return estimator.estimate(sample);
  }

  private static Sample at(long millis, int images, int waiting, Load load) {
    RunTime run = new RunTime(new OperatingPoint(1, 1), 10, 50 * MS);
    return new Sample(millis * MS, images, waiting, 0, 0, run, load);
  }

  private static Load read(long backlog, double arrivals, long ageMillis) {
    return new Load(backlog, arrivals, ageMillis * MS);
  }

  @Test
  void shouldCarryAReadingForwardByArrivalsAndAnswers() {
    estimate(at(0, 10, 0, read(500, 100, 0)));
    // 50 ms run, answered at 50: 500 + 100/s · 0.06 s − 10
    assertThat(estimate(at(60, 10, 0, read(500, 100, 60))).backlogImages()).isEqualTo(496);
    assertThat(estimate(at(120, 10, 0, read(500, 100, 120))).backlogImages()).isEqualTo(492);
  }

  @Test
  void shouldNotSubtractWhatWasAnsweredBeforeTheReading() {
    estimate(at(0, 10, 0, read(500, 0, 0)));
    estimate(at(60, 10, 0, read(500, 0, 60)));
    // read at 100 ms: the first run had ended at 50, the second ended at 110
    assertThat(estimate(at(120, 10, 0, read(300, 0, 20))).backlogImages()).isEqualTo(290);
  }

  @Test
  void shouldNotBelieveInLessThanWaitsInTheInstance() {
    assertThat(estimate(at(0, 10, 70, read(5, 10, 400))).backlogImages()).isEqualTo(80);
  }

  @Test
  void shouldCarryAStaleReadingNoFurther() {
    LoadEstimate load = estimate(at(0, 10, 0, read(100, 1000, 60_000)));
    assertThat(load.backlogImages()).isEqualTo(2100);
    assertThat(load.ageNanos()).isEqualTo(60_000 * MS);
  }

  @Test
  void shouldCountTheInstancesOwnImagesWhereNothingWasRead() {
    for (int i = 0; i < 100; i++) {
      estimate(at(i * 100L, 10, 30, Load.UNKNOWN));
    }
    LoadEstimate load = estimate(at(10_000, 10, 30, Load.UNKNOWN));
    assertThat(load.backlogImages()).isEqualTo(40);
    assertThat(load.arrivalsPerSecond()).isCloseTo(100, within(1.0));
    assertThat(estimate(at(40_000, 10, 30, Load.UNKNOWN)).arrivalsPerSecond()).isLessThan(1);
  }

  @Test
  void shouldKnowASteadyRateBetterTheLongerItLasts() {
    LoadEstimate soon = null;
    for (int i = 0; i <= 10; i++) {
      soon = estimate(at(i * 50L, 10, 0, read(10, 0, 0)));
    }
    LoadEstimate late = soon;
    for (int i = 11; i <= 200; i++) {
      late = estimate(at(i * 50L, 10, 0, read(10, 0, 0)));
    }
    // 10 images every 50 ms; over nearly 2 s: 200 + 2 · √(200 / (2 · 2 s))
    assertThat(soon.arrivalsPerSecond()).isCloseTo(200, within(1e-6));
    assertThat(late.arrivalsUpperBound()).isCloseTo(200 + 2 * Math.sqrt(200 / 4.0), within(0.2));
    assertThat(late.arrivalsUpperBound()).isLessThan(soon.arrivalsUpperBound());
  }

  @Test
  void shouldTakeTheReadingsRateAndItsNoiseWhileImagesWaitOutside() {
    LoadEstimate load = null;
    for (int i = 0; i <= 40; i++) { // 200 a second come in, 100 more wait outside
      load = estimate(at(i * 50L, 10, 0, read(110, 900, 0)));
    }
    assertThat(load.arrivalsPerSecond()).isEqualTo(900);
    assertThat(load.arrivalsUpperBound()).isCloseTo(900 + 2 * 30, within(1e-9));
    assertThat(load.isCurrent()).isTrue();
  }

  @Test
  void shouldTellAStaleReadingFromNone() {
    LoadEstimate stale = estimate(at(0, 10, 0, read(10, 0, 2001)));
    assertThat(stale.isCurrent()).isFalse();
    assertThat(stale.isStale()).isTrue();
    LoadEstimate none = estimate(at(50, 10, 0, Load.UNKNOWN));
    assertThat(none.isCurrent()).isFalse();
    assertThat(none.isStale()).isFalse();
  }

  @Property
  void shouldNeverBeBelowTheInstancesOwnImagesNorTheBoundBelowTheRead(
      @ForAll @IntRange(min = 1, max = 64) int images,
      @ForAll @IntRange(max = 500) int waiting,
      @ForAll @IntRange(max = 5000) int backlog,
      @ForAll @DoubleRange(max = 4000) double arrivals,
      @ForAll @IntRange(max = 5000) int ageMillis) {
    LoadEstimate load =
        new LoadEstimator().estimate(at(0, images, waiting, read(backlog, arrivals, ageMillis)));
    assertThat(load.backlogImages()).isGreaterThanOrEqualTo(images + waiting);
    assertThat(load.arrivalsUpperBound()).isGreaterThanOrEqualTo(arrivals);
  }
}
