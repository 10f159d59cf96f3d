package dev.vmoe.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoadEstimateTest {

  private static final long MS = 1_000_000L;

  private final LoadEstimate estimate = new LoadEstimate(Duration.ofSeconds(2));

  private static Sample at(long millis, int images, int waiting, Load load) {
    RunTime run = new RunTime(new OperatingPoint(1, 1), 10, 50 * MS);
    return new Sample(millis * MS, images, waiting, 0, 0, run, load);
  }

  private static Load read(long backlog, double arrivals, long ageMillis) {
    return new Load(backlog, arrivals, ageMillis * MS);
  }

  @Test
  void shouldCarryAReadingForwardByArrivalsAndAnswers() {
    estimate.carriedTo(at(0, 10, 0, read(500, 100, 0)));
    // 50 ms run, answered at 50: 500 + 100/s · 0.06 s − 10
    assertThat(estimate.carriedTo(at(60, 10, 0, read(500, 100, 60))).backlogImages())
        .isEqualTo(496);
    assertThat(estimate.carriedTo(at(120, 10, 0, read(500, 100, 120))).backlogImages())
        .isEqualTo(492);
  }

  @Test
  void shouldNotSubtractWhatWasAnsweredBeforeTheReading() {
    estimate.carriedTo(at(0, 10, 0, read(500, 0, 0)));
    estimate.carriedTo(at(60, 10, 0, read(500, 0, 60)));
    // read at 100 ms: the first run had ended at 50, the second ended at 110
    assertThat(estimate.carriedTo(at(120, 10, 0, read(300, 0, 20))).backlogImages()).isEqualTo(290);
  }

  @Test
  void shouldNotBelieveInLessThanWaitsInTheInstance() {
    assertThat(estimate.carriedTo(at(0, 10, 70, read(5, 10, 400))).backlogImages()).isEqualTo(80);
  }

  @Test
  void shouldCarryAStaleReadingNoFurther() {
    Load load = estimate.carriedTo(at(0, 10, 0, read(100, 1000, 60_000)));
    assertThat(load.backlogImages()).isEqualTo(2100);
    assertThat(load.ageNanos()).isEqualTo(60_000 * MS);
  }

  @Test
  void shouldCountTheInstancesOwnImagesWhereNothingWasRead() {
    for (int i = 0; i < 100; i++) {
      estimate.carriedTo(at(i * 100L, 10, 30, Load.UNKNOWN));
    }
    Load load = estimate.carriedTo(at(10_000, 10, 30, Load.UNKNOWN));
    assertThat(load.backlogImages()).isEqualTo(40);
    assertThat(load.arrivalsPerSecond()).isCloseTo(100, within(1.0));
    assertThat(estimate.carriedTo(at(40_000, 10, 30, Load.UNKNOWN)).arrivalsPerSecond())
        .isLessThan(1);
  }
}
