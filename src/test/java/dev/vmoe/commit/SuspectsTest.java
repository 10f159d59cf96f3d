package dev.vmoe.commit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Processes that own partitions one after the other; what they commit is kept in a map. */
class SuspectsTest {

  private static final TopicPartition ZERO = new TopicPartition("images", 0);
  private static final TopicPartition ONE = new TopicPartition("images", 1);
  private static final int REACH = 10;
  private static final int MAX_DEATHS = 4;

  private final Map<TopicPartition, OffsetAndMetadata> committed =
      new HashMap<>(
          Map.of(
              ZERO,
              new OffsetAndMetadata(100, Optional.of(4), "time"),
              ONE,
              new OffsetAndMetadata(100, Optional.of(4), "time")));

  private Suspects process = new Suspects(MAX_DEATHS);
  private Suspects.Account zero = open(ZERO);

  @Test
  void shouldAdmitNothingBeforeAnOffsetIsCommittedWithANote() {
    assertThat(zero.admits(100, true)).isFalse();
    assertThat(zero.waitsForCommit()).isTrue();

    commit(ZERO, 100, true);

    assertThat(zero.admits(100, true)).isTrue();
    assertThat(zero.admits(101, false)).isTrue();
    assertThat(zero.waitsForCommit()).isFalse();
  }

  @Test
  void shouldGiveStreamsItsMetadataBack() {
    commit(ZERO, 100, true);

    assertThat(process.read(committed).get(ZERO))
        .isEqualTo(new OffsetAndMetadata(100, Optional.of(4), "time"));
  }

  @Test
  void shouldAskNothingOfAPartitionThatNobodyLookedUp() {
    Suspects.Account unknown =
        new Suspects(MAX_DEATHS).open(new TopicPartition("images", 2), REACH);

    assertThat(unknown.admits(0, false)).isTrue();
  }

  @Test
  void shouldCountAProcessThatEndsUntilItsImagesAreAnswered() {
    commit(ZERO, 100, true);
    end();
    assertThat(zero.deaths()).isEqualTo(1);
    assertThat(process.suspected()).isEqualTo(1);

    commit(ZERO, 105, true);
    assertThat(zero.deaths()).isEqualTo(1);
    end();
    assertThat(zero.deaths()).isEqualTo(2);

    commit(ZERO, 105 + REACH + 1, true);
    assertThat(zero.deaths()).isZero();
    assertThat(process.suspected()).isZero();
  }

  @Test
  void shouldForgetTheCountOnceAllThatWasReadIsAnswered() {
    commit(ZERO, 100, true);
    end();
    commit(ZERO, 101, false);

    assertThat(zero.deaths()).isZero();
  }

  @Test
  void shouldNotCountAPartitionThatWasGivenBack() {
    commit(ZERO, 100, true);
    commit(ZERO, 101, true, true);
    end();

    assertThat(zero.deaths()).isZero();
  }

  @Test
  void shouldNotCountAProcessThatStops() {
    commit(ZERO, 100, true);
    process.stop();
    commit(ZERO, 101, true);
    end();

    assertThat(zero.deaths()).isZero();
  }

  @Test
  void shouldNotCountAPartitionThatTheSameProcessTakesAgain() {
    commit(ZERO, 100, true);
    zero.close(); // a member fenced, a transaction rolled back, a thread replaced
    zero = open(ZERO);
    commit(ZERO, 100, true);

    assertThat(zero.deaths()).isZero();
  }

  @Test
  void shouldNotCountAProcessWhoseFailuresAreNotDueToImages() {
    process.excuse();
    commit(ZERO, 100, true);
    end();
    assertThat(zero.deaths()).isZero();

    process.excuse();
    commit(ZERO, 100, true);
    commit(ZERO, 101, true); // answers are committed again
    commit(ZERO, 102, true);
    end();
    assertThat(zero.deaths()).isEqualTo(1);
  }

  @Test
  void shouldNotTakeWhatWasRolledBackForCommitted() {
    process.noted(ZERO, committed.get(ZERO), true, false);

    assertThat(zero.admits(100, true)).isFalse();
  }

  @Test
  void shouldTryImagesOneAtATimeInTheWholeProcess() {
    endTwice();
    Suspects.Account one = open(ONE);
    commit(ZERO, 100, true);
    commit(ONE, 100, true);
    assertThat(one.admits(100, false)).isTrue();

    assertThat(zero.admits(100, true)).isFalse();
    assertThat(one.admits(101, true)).as("another partition").isFalse();
    assertThat(zero.admits(100, false)).as("with another image in flight").isFalse();
    assertThat(zero.waitsForCommit()).isFalse();
    assertThat(zero.admits(100, true)).isFalse();
    assertThat(zero.waitsForCommit()).as("the note that it is alone").isTrue();
    commit(ZERO, 100, true);
    assertThat(zero.admits(100, true)).isTrue();
    assertThat(zero.admits(101, false)).isFalse();
    assertThat(one.admits(101, false)).isFalse();

    commit(ZERO, 101, true);
    assertThat(one.admits(101, true)).as("between two of them").isTrue();
  }

  @Test
  void shouldLetOthersGoOnceThePartitionIsPastOrClosed() {
    endTwice();
    Suspects.Account one = open(ONE);
    commit(ZERO, 100, true);
    commit(ONE, 100, true);
    zero.admits(100, true);
    assertThat(one.admits(100, true)).isFalse();
    commit(ZERO, 100 + REACH + 1, true);
    assertThat(one.admits(100, true)).isTrue();

    endTwice();
    commit(ZERO, 111, true);
    one = open(ONE);
    commit(ONE, 101, true);
    zero.admits(111, true);
    assertThat(one.admits(101, true)).isFalse();
    zero.close();
    assertThat(one.admits(101, true)).isTrue();
  }

  @Test
  void shouldSetApartTheImageThatWasAloneAtTwoEnds() {
    endTwice();
    tryAlone(100);
    end();
    assertThat(zero.poison(100)).isFalse();
    tryAlone(100);
    end();

    assertThat(zero.poison(100)).isTrue();
    assertThat(zero.poison(101)).isFalse();
    commit(ZERO, 100, true);
    assertThat(zero.admits(101, false)).as("before the dead letter is committed").isFalse();
    commit(ZERO, 101, true);
    assertThat(zero.deaths()).isZero();
    assertThat(zero.poison(100)).isFalse();
    assertThat(zero.admits(101, false)).isTrue();
  }

  @Test
  void shouldBlameNoImageThatWasNotAlone() {
    for (int i = 0; i < 10; i++) {
      commit(ZERO, 100, true);
      zero.admits(100, true);
      zero.admits(100, true); // about to be tried, and its note is never committed
      end();
    }

    assertThat(zero.deaths()).isEqualTo(10);
    assertThat(zero.poison(100)).isFalse();
  }

  @Test
  void shouldCountNothingWhereThatIsTurnedOff() {
    process = new Suspects(0);
    zero = open(ZERO);

    assertThat(zero.admits(100, false)).isTrue();
    commit(ZERO, 105, true);
    assertThat(committed.get(ZERO).metadata()).isEqualTo("time");
    assertThat(zero.poison(OwnerNote.NONE)).isFalse();
  }

  private void endTwice() {
    for (int i = 0; i < 2; i++) {
      commit(ZERO, committed.get(ZERO).offset(), true);
      end();
    }
  }

  private void tryAlone(long offset) {
    commit(ZERO, offset, true);
    zero.admits(offset, true);
    zero.admits(offset, true);
    commit(ZERO, offset, true);
    assertThat(zero.admits(offset, true)).isTrue();
  }

  /** Ends the process; another one takes its place. */
  private void end() {
    process = new Suspects(MAX_DEATHS);
    zero = open(ZERO);
  }

  private Suspects.Account open(TopicPartition partition) {
    process.read(committed);
    return process.open(partition, REACH);
  }

  private void commit(TopicPartition partition, long offset, boolean busy) {
    commit(partition, offset, busy, false);
  }

  private void commit(TopicPartition partition, long offset, boolean busy, boolean leaving) {
    OffsetAndMetadata wanted = new OffsetAndMetadata(offset, Optional.of(4), "time");
    committed.put(partition, process.noted(partition, wanted, busy, leaving));
    process.committed(partition);
  }
}
