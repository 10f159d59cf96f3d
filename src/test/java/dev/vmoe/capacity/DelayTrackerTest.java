package dev.vmoe.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class DelayTrackerTest {

  @Test
  void shouldNotTakeASilenceForADelay() {
    DelayTracker delays = new DelayTracker();
    delays.predicted(0, 100, 50_000_000);
    delays.answered(10_000_000, 90); // the other ten never came
    delays.nothingWaits();
    delays.answered(3_600_000_000_000L, 90);
    assertThat(delays.checked()).isZero();
  }

  private static final long MS = 1_000_000L;

  private final DelayTracker delays = new DelayTracker();

  @Test
  void shouldKnowTheDelayOnceTheBacklogOfThenIsAnswered() {
    delays.predicted(0, 100, 250 * MS);
    delays.answered(100 * MS, 60);
    assertThat(delays.checked()).isZero();
    delays.answered(300 * MS, 40);
    assertThat(delays.checked()).isEqualTo(1);
    assertThat(delays.actualNanos()).isEqualTo(300 * MS);
    assertThat(delays.meanErrorNanos()).isCloseTo(50.0 * MS, within(1.0));
  }

  @Test
  void shouldNotCountWhatWasAnsweredBefore() {
    delays.answered(0, 1000);
    delays.predicted(0, 10, MS);
    delays.answered(MS, 9);
    assertThat(delays.checked()).isZero();
  }

  @Test
  void shouldFollowOnePredictionAtATime() {
    delays.predicted(0, 100, 250 * MS);
    delays.predicted(10 * MS, 50, 100 * MS);
    delays.answered(200 * MS, 60);
    assertThat(delays.checked()).isZero();
    delays.answered(250 * MS, 60);
    assertThat(delays.checked()).isEqualTo(1);
    assertThat(delays.meanErrorNanos()).isZero();
    delays.answered(300 * MS, 60);
    assertThat(delays.checked()).isEqualTo(1);
  }
}
