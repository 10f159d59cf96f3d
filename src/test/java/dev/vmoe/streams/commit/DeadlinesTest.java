package dev.vmoe.streams.commit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.batch.Lane;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The target is 1000 ms; commits every 100 ms and 50 ms of transport leave 850 of it. */
class DeadlinesTest {

  private static final long MS = 1_000_000;
  private static final long NOON = Instant.parse("2026-01-01T12:00:00Z").toEpochMilli();
  private static final long NANOS = -7 * MS;
  private static final Duration QUICK = Duration.ofMillis(20);

  private String policy = "expire";
  private Duration handOver = QUICK;

  private long leftMs(Long deadlineMs, long timestampMs, long earliestAgoMs, long latestAgoMs) {
    Deadlines deadlines =
        new Deadlines(
            () -> LiveSettings.of(new Settings(Map.of()), Map.of("late.policy", policy), 1L),
            Duration.ofMillis(100),
            () -> Instant.EPOCH);
    Deadlines.ArrivalBounds came =
        new Deadlines.ArrivalBounds(NANOS - earliestAgoMs * MS, NANOS - latestAgoMs * MS);
    long dueNanos =
        deadlines.dueNanos(deadlineMs, timestampMs, came, handOver, new Deadlines.Now(NOON, NANOS));
    return dueNanos == Lane.NEVER_DUE ? Long.MAX_VALUE : (dueNanos - NANOS) / MS;
  }

  private long left(long ageMs, long earliestAgoMs, long latestAgoMs) {
    return leftMs(null, NOON - ageMs, earliestAgoMs, latestAgoMs);
  }

  @Test
  void shouldCountFromTheTimestampWhereTheInstanceSawTheRecordComeThen() {
    assertThat(left(300, 310, 310)).isEqualTo(550);
    assertThat(left(300, 60, 60)).as("a reading of the end is coarse").isEqualTo(550);
    assertThat(left(300, 500, 0)).as("after the last reading").isEqualTo(550);
    assertThat(left(5_000, 1_000_000, 0)).as("there before the instance").isEqualTo(-4_150);
  }

  @Test
  void shouldTakeAtMostAQuarterOfTheTargetForAWrongClock() {
    assertThat(left(3_600_000, 100, 100)).isEqualTo(850 - 350);
    assertThat(left(3_600_000, 20, 0)).as("after the last reading").isEqualTo(850 - 270);
    assertThat(left(-3_600_000, 700, 700)).as("a clock that is fast").isEqualTo(850 - 450);
    assertThat(left(-3_600_000, 100, 0)).isEqualTo(850);
  }

  @Test
  void shouldLeaveTimeForWhatCommitsReallyTake() {
    handOver = Duration.ofMillis(230);
    assertThat(left(0, 0, 0)).isEqualTo(720);
    handOver = Duration.ofSeconds(9);
    assertThat(left(0, 0, 0)).as("a pause").isEqualTo(500);
  }

  @Test
  void shouldKeepTheSendersDeadlineWhateverThePolicy() {
    for (String each : new String[] {"answer", "expire"}) {
      policy = each;
      assertThat(leftMs(NOON + 400, NOON - 90_000, 9, 9)).isEqualTo(250);
      assertThat(leftMs(0L, NOON, 9, 9)).isNegative();
      assertThat(leftMs(Long.MAX_VALUE, NOON, 9, 9)).isGreaterThan(86_400_000L);
    }
  }

  @Test
  void shouldAnswerHoweverLateByDefault() {
    policy = "answer";
    assertThat(left(90_000, 90_000, 90_000)).isEqualTo(Long.MAX_VALUE);
    assertThat(LiveSettings.of(new Settings(Map.of())).latePolicy().label()).isEqualTo("answer");
  }
}
