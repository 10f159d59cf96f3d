package dev.vmoe.core.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LoadEstimatorTest {

  private static final long MS = 1_000_000L;
  private static final int FULL = 10;

  private final LoadEstimator estimator = new LoadEstimator();
  private Sample previous;

  private Load estimate(Sample sample) {
    if (previous != null) {
      estimator.follow(previous, sample, FULL);
    }
    previous = sample;
    return estimator.estimate(sample);
  }

  private static Sample at(long millis, int images, int waiting, Load load) {
    RunTime run = new RunTime(new OperatingPoint(1, 1), 10, 50 * MS);
    return Samples.of(millis * MS, images, waiting, 0, 0, run, load);
  }

  private static Load read(long backlog, double arrivals, long ageMillis) {
    return new Load(backlog, arrivals, ageMillis * MS);
  }

  @Test
  void shouldCarryAReadingForwardByArrivalsAndByWhatCameIn() {
    estimate(at(0, 10, 20, read(500, 100, 0)));
    // 470 outside; 10 were answered and 10 came in, 100/s · 0.06 s arrived
    assertThat(estimate(at(60, 10, 20, read(500, 100, 60))).backlogImages()).isEqualTo(496);
    assertThat(estimate(at(120, 10, 20, read(500, 100, 120))).backlogImages()).isEqualTo(492);
    assertThat(estimate(at(180, 10, 20, read(470, 100, 10))).backlogImages()).isEqualTo(470);
  }

  @Test
  void shouldCountWhatExpiredAmongTheArrivals() {
    RunTime run = new RunTime(new OperatingPoint(1, 1), 10, 50 * MS);
    Load load = Load.UNKNOWN;
    for (int i = 0; i < 100; i++) {
      Sample sample =
          new Sample(100L * i * MS, 10, 20, 0, 0, 0, run, read(500, 1, 0), 3, Long.MAX_VALUE);
      load = estimate(sample);
    }
    assertThat(load.arrivalsPerSecond()).isCloseTo(130, within(1.0));
    Sample sample =
        new Sample(9_960 * MS, 10, 20, 0, 0, 0, run, read(500, 100, 60), 30, Long.MAX_VALUE);
    // 470 outside; 10 came for those that were answered and 30 expired, 100/s · 0.06 s arrived
    assertThat(estimate(sample).backlogImages()).isEqualTo(466);
  }

  @Test
  void shouldNotBelieveInLessThanWaitsInTheInstance() {
    assertThat(estimate(at(0, 10, 70, read(5, 10, 400))).backlogImages()).isEqualTo(80);
  }

  @Test
  void shouldCountTheInstancesOwnImagesWhereNothingWasRead() {
    for (int i = 0; i < 100; i++) {
      estimate(at(i * 100L, 10, 9, Load.UNKNOWN));
    }
    Load load = estimate(at(10_000, 10, 9, Load.UNKNOWN));
    assertThat(load.backlogImages()).isEqualTo(19);
    assertThat(load.arrivalsPerSecond()).isCloseTo(100, within(1.0));
    assertThat(estimate(at(40_000, 10, 9, Load.UNKNOWN)).arrivalsPerSecond()).isLessThan(1);
  }

  @Test
  void shouldTakeAFullInstanceWithoutAReadingForTheHeadOfAQueue() {
    Load load = estimate(at(0, 10, 30, Load.UNKNOWN));
    for (int i = 1; i <= 20; i++) {
      load = estimate(at(i * 50L, 10, 30, read(40, 200, 2_001)));
    }
    assertThat(load.backlogImages()).isEqualTo(40 + 20 * 10);
    assertThat(estimate(at(1_050, 10, 9, read(40, 200, 2_050))).backlogImages()).isEqualTo(19);
  }

  @Test
  void shouldTakeTheReadingsRateWhileImagesWaitOutside() {
    Load load = Load.UNKNOWN;
    for (int i = 0; i <= 40; i++) { // 200 a second come in, 100 more wait outside
      load = estimate(at(i * 50L, 10, 0, read(110, 900, 0)));
    }
    assertThat(load.arrivalsPerSecond()).isEqualTo(900);
    for (int i = 41; i <= 80; i++) {
      load = estimate(at(i * 50L, 10, 0, read(10, 900, 0)));
    }
    assertThat(load.arrivalsPerSecond()).isCloseTo(200, within(1e-6));
  }

  @Test
  void shouldKnowAReadingOfTheLastTwoSecondsAlone() {
    assertThat(read(1, 1, 2_000).isCurrent()).isTrue();
    assertThat(read(1, 1, 2_001).isCurrent()).isFalse();
    assertThat(Load.UNKNOWN.isCurrent()).isFalse();
  }

  @Property
  void shouldNeverBeBelowTheInstancesOwnImages(
      @ForAll @IntRange(min = 1, max = 64) int images,
      @ForAll @IntRange(max = 500) int waiting,
      @ForAll @IntRange(max = 5000) int backlog,
      @ForAll @DoubleRange(max = 4000) double arrivals,
      @ForAll @IntRange(max = 5000) int ageMillis) {
    LoadEstimator any = new LoadEstimator();
    Sample first = at(0, images, waiting, read(backlog, arrivals, ageMillis));
    assertThat(any.estimate(first).backlogImages()).isGreaterThanOrEqualTo(images + waiting);
    Sample second = at(50, images, waiting, read(backlog, arrivals, ageMillis));
    any.follow(first, second, FULL);
    assertThat(any.estimate(second).backlogImages()).isGreaterThanOrEqualTo(images + waiting);
  }
}
