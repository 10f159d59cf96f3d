package dev.vmoe.core.capacity;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DelayTrackerTest {

  private static final long MS = 1_000_000L;

  private final DelayTracker delays = new DelayTracker();

  @Test
  void shouldNotTakeASilenceForADelay() {
    delays.waiting(0, 100);
    assertThat(delays.answered(10 * MS, 90)).isEmpty(); // the other ten never came
    delays.nothingWaits();
    assertThat(delays.answered(3_600_000 * MS, 90)).isEmpty();
  }

  @Test
  void shouldKnowTheDelayOnceTheBacklogOfThenIsAnswered() {
    delays.waiting(50 * MS, 100);
    assertThat(delays.answered(100 * MS, 60)).isEmpty();
    assertThat(delays.answered(300 * MS, 40)).hasValue(250 * MS);
  }

  @Test
  void shouldNotCountWhatWasAnsweredBefore() {
    assertThat(delays.answered(0, 1000)).isEmpty();
    delays.waiting(0, 10);
    assertThat(delays.answered(MS, 9)).isEmpty();
  }

  @Test
  void shouldFollowOneBacklogAtATime() {
    delays.waiting(0, 100);
    delays.waiting(10 * MS, 50);
    assertThat(delays.answered(200 * MS, 60)).isEmpty();
    assertThat(delays.answered(250 * MS, 60)).hasValue(250 * MS);
    assertThat(delays.answered(300 * MS, 60)).isEmpty();
  }
}
