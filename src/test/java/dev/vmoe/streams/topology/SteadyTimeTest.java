package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A clock that follows the system's, and does not go back with it. */
class SteadyTimeTest {

  private static final long START_MS = 1_700_000_000_000L;

  private long wallMs = START_MS;
  private long nanos = 5;
  private final SteadyTime time = new SteadyTime(() -> wallMs, () -> nanos);

  @Test
  void shouldFollowTheSystemClock() {
    for (int i = 1; i <= 100; i++) {
      pass(7);
      assertThat(time.milliseconds()).isEqualTo(START_MS + 7L * i);
    }
  }

  @Test
  void shouldGoOnAtHalfSpeedWhenTheSystemClockGoesBack() {
    pass(100);
    long before = time.milliseconds();
    wallMs -= 60_000;
    assertThat(time.milliseconds()).isEqualTo(before);

    pass(1_000);
    assertThat(time.milliseconds()).isEqualTo(before + 500);
    pass(100);
    assertThat(time.milliseconds()).isEqualTo(before + 550);
  }

  @Test
  void shouldAgreeWithTheSystemClockAgainAfterTwiceTheStep() {
    pass(100);
    wallMs -= 10_000;
    for (int i = 0; i < 200; i++) {
      long before = time.milliseconds();
      pass(99);
      assertThat(time.milliseconds()).isGreaterThan(before);
    }
    assertThat(time.milliseconds()).isGreaterThan(wallMs);
    pass(250);
    assertThat(time.milliseconds()).isEqualTo(wallMs);
  }

  @Test
  void shouldFollowAStepForwardAtOnce() {
    wallMs += 3_600_000;

    assertThat(time.milliseconds()).isEqualTo(START_MS + 3_600_000);
  }

  @Test
  void shouldLoseNothingToManyCloseReadings() {
    wallMs -= 60_000;
    for (int i = 0; i < 1_000_000; i++) {
      nanos += 1_000;
      time.milliseconds();
    }
    assertThat(time.milliseconds()).isEqualTo(START_MS + 500);
  }

  private void pass(long millis) {
    wallMs += millis;
    nanos += Duration.ofMillis(millis).toNanos();
  }
}
