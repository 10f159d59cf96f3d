package dev.vmoe.streams.commit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CommitDelayTest {

  private static final long MS = 1_000_000;

  private final CommitDelay delay = new CommitDelay();
  private final StreamThreadState thread = new StreamThreadState(Duration.ZERO);
  private long nowNanos = -50_000 * MS;

  private void commit(long... agesMs) {
    nowNanos += 10_000 * MS;
    for (long ageMs : agesMs) {
      thread.emitted(nowNanos - ageMs * MS);
    }
    thread.committed(nowNanos, Duration.ZERO).ifPresent(delay::observe);
  }

  @Test
  void shouldComeToTheAgeOfTheOldestAnswerOfEachCommit() {
    assertThat(delay.duration()).isZero();
    for (int i = 0; i < 100; i++) {
      commit(30, 110, 70);
      commit(); // without answers it says nothing
    }
    assertThat(delay.duration())
        .isBetween(Duration.ofNanos(109_900_000), Duration.ofNanos(110_100_000));
  }

  @Test
  void shouldLeaveRoomForWhatVariesAndForgetAPause() {
    for (int i = 0; i < 100; i++) {
      commit(100 + 40 * (i % 2));
    }
    assertThat(delay.duration()).isGreaterThan(Duration.ofMillis(190));
    commit(9_000);
    assertThat(delay.duration()).isGreaterThan(Duration.ofSeconds(1));
    for (int i = 0; i < 100; i++) {
      commit(100);
    }
    assertThat(delay.duration()).isLessThan(Duration.ofMillis(101));
  }

  @Test
  void shouldNotCountWhatWasRolledBack() {
    thread.emitted(nowNanos);
    thread.rolledBack();
    commit(10);
    assertThat(delay.duration()).isLessThan(Duration.ofMillis(100));
  }
}
