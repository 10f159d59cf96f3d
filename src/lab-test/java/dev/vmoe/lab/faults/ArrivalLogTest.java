package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** When partitions were answered again, and how long they paused. */
class ArrivalLogTest {

  private final ArrivalLog log = new ArrivalLog();

  @Test
  void shouldSayWhenTheLastPartitionHadAnAnswerToANewImage() {
    add(0, 10, 100, "a");
    add(0, 50, 200, "b"); // of an image from before
    add(0, 60, 205, "b");
    add(1, 70, 206, "b");
    add(1, 80, 207, "b");

    assertThat(log.answeredSince(201, List.of(0))).hasValue(60);
    assertThat(log.answeredSince(201, List.of(0, 1))).hasValue(70);
  }

  @Test
  void shouldSayWhenAModelHadAnsweredEverywhere() {
    log.add(0, 10, 100, "a", "small");
    log.add(0, 20, 101, "a", "large");
    log.add(1, 30, 100, "a", "small");

    assertThat(log.answeredSince(100, List.of(0, 1), "small"::equals)).hasValue(30);
    assertThat(log.answeredSince(100, List.of(0), "large"::equals)).hasValue(20);
    assertThat(log.answeredSince(100, List.of(0, 1), "large"::equals)).isEmpty();
  }

  @Test
  void shouldSayNothingWhileAPartitionHasNone() {
    add(0, 10, 100, "a");

    assertThat(log.answeredSince(100, List.of(0, 1))).isEmpty();
    assertThat(log.answeredSince(101, List.of(0))).isEmpty();
  }

  @Test
  void shouldFindTheFirstAnswerAmongMany() {
    for (int i = 0; i < 5_000; i++) {
      add(0, i, i % 2 == 0 ? i : i - 3, "a"); // not quite in order
    }

    assertThat(log.answeredSince(4_000, List.of(0))).hasValue(4_000);
    assertThat(log.count()).isEqualTo(5_000);
  }

  @Test
  void shouldMeasurePausesOfPartitionsThatKeptTheirInstance() {
    add(0, 10, 1, "a");
    add(1, 12, 1, "b");
    add(2, 14, 1, "a");
    // at 20 the instance b is killed; a goes on with 0 and gives up 2
    add(0, 25, 2, "a");
    add(0, 65, 3, "a");
    add(2, 66, 3, "c");
    add(1, 67, 3, "a");
    add(0, 68, 4, "a");

    assertThat(log.survivorPauses(Set.of(0, 2), 20, 70)).containsOnlyKeys(0).containsEntry(0, 40L);
    assertThat(log.movedPauses(Set.of(0, 2), 20, 70)).containsOnlyKeys(2).containsEntry(2, 52L);
  }

  @Test
  void shouldCountAPauseThatBeganBefore() {
    add(0, 10, 1, "a");
    add(0, 40, 2, "a");
    add(0, 90, 3, "a");

    assertThat(log.survivorPauses(Set.of(0), 30, 45)).containsEntry(0, 50L);
    assertThat(log.longestPause(0, 35)).isEqualTo(30);
    assertThat(log.longestPause(95, 99)).isEqualTo(9); // still silent
  }

  @Test
  void shouldMeasureFromSendingToTheAnswer() {
    long second = 1_000_000_000;
    add(0, 3 * second, 99, "a");
    add(0, 4 * second, 100, "a");
    add(1, 5 * second, 2_100, "a");
    add(1, 6 * second, 2_101, "a");

    assertThat(log.latencies(100, 2_101, second)).containsExactlyInAnyOrder(2_900L, 1_900L);
  }

  @Test
  void shouldGiveQuantilesByNearestRank() {
    assertThat(Spread.of(List.of())).isEqualTo(new Spread(0, 0, 0, 0));
    assertThat(Spread.of(List.of(4L, 1L, 3L, 2L))).isEqualTo(new Spread(4, 2, 4, 4));
  }

  private void add(int partition, long atNanos, long sentMs, String owner) {
    log.add(partition, atNanos, sentMs, owner, "m");
  }
}
