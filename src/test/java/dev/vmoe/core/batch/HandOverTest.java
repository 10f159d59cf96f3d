package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HandOverTest {

  private static final long MS = 1_000_000;

  private final HandOver handOver = new HandOver();
  private long nowNanos = -50_000 * MS;

  private void commit(long... agesMs) {
    nowNanos += 10_000 * MS;
    for (long ageMs : agesMs) {
      handOver.emitted(nowNanos - ageMs * MS);
    }
    handOver.committed(nowNanos);
  }

  @Test
  void shouldComeToTheAgeOfTheOldestAnswerOfEachCommit() {
    assertThat(handOver.duration()).isZero();
    for (int i = 0; i < 100; i++) {
      commit(30, 110, 70);
      commit(); // without answers it says nothing
    }
    assertThat(handOver.duration())
        .isBetween(Duration.ofNanos(109_900_000), Duration.ofNanos(110_100_000));
  }

  @Test
  void shouldLeaveRoomForWhatVariesAndForgetAPause() {
    for (int i = 0; i < 100; i++) {
      commit(100 + 40 * (i % 2));
    }
    assertThat(handOver.duration()).isGreaterThan(Duration.ofMillis(190));
    commit(9_000);
    assertThat(handOver.duration()).isGreaterThan(Duration.ofSeconds(1));
    for (int i = 0; i < 100; i++) {
      commit(100);
    }
    assertThat(handOver.duration()).isLessThan(Duration.ofMillis(101));
  }

  @Test
  void shouldNotCountWhatWasRolledBack() {
    handOver.emitted(nowNanos);
    handOver.aborted();
    commit(10);
    assertThat(handOver.duration()).isLessThan(Duration.ofMillis(100));
  }
}
