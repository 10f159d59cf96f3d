package dev.vmoe.streams.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
    assertThat(goes(zero, 100, true)).isFalse();
    assertThat(zero.waitsForCommit()).isTrue();

    commit(ZERO, 100, true);

    assertThat(goes(zero, 100, true)).isTrue();
    assertThat(goes(zero, 101, false)).isTrue();
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

    assertThat(goes(unknown, 0, false)).isTrue();
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
  void shouldNotCountAProcessThatStops() throws Exception {
    commit(ZERO, 100, true);
    process.stop(Duration.ZERO);
    commit(ZERO, 101, true);
    end();

    assertThat(zero.deaths()).isZero();
  }

  @Test
  void shouldNotStopBeforeWhatIsCommittedSaysSo() throws Exception {
    commit(ZERO, 100, true);
    Future<?> stop =
        ForkJoinPool.commonPool()
            .submit(
                () -> {
                  process.stop(Duration.ofDays(1));
                  return true;
                });
    assertThatExceptionOfType(TimeoutException.class)
        .isThrownBy(() -> stop.get(100, TimeUnit.MILLISECONDS));

    commit(ZERO, 100, true);
    stop.get(20, TimeUnit.SECONDS);
  }

  @Test
  void shouldStopWithoutACommitThatNeverComes() throws Exception {
    commit(ZERO, 100, true);
    process.stop(Duration.ofMillis(20));

    zero.close();
    process.stop(Duration.ofDays(1));
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
    process.blameNoImages();
    commit(ZERO, 100, true);
    end();
    assertThat(zero.deaths()).isZero();

    process.blameNoImages();
    commit(ZERO, 100, true);
    commit(ZERO, 101, true); // answers are committed again
    commit(ZERO, 102, true);
    end();
    assertThat(zero.deaths()).isEqualTo(1);
  }

  @Test
  void shouldNotTakeWhatWasRolledBackForCommitted() {
    endTwice();
    commit(ZERO, 100, true);
    noted(ZERO, offset(100 + REACH + 1), true, false);
    assertThat(zero.deaths()).isEqualTo(2);

    end();
    noted(ZERO, offset(100), true, false);
    assertThat(goes(zero, 100, true)).isFalse();
    assertThat(zero.waitsForCommit()).isTrue();
  }

  @Test
  void shouldLeaveAloneTheAccountOfAThreadThatHasThePartitionNow() throws Exception {
    endTwice();
    commit(ZERO, 100, true);
    CompletableFuture<OffsetAndMetadata> fenced =
        CompletableFuture.supplyAsync(
            () -> {
              OffsetAndMetadata noted = noted(ZERO, offset(150), false, false);
              process.committed(ZERO, noted);
              return noted;
            });

    assertThat(fenced.get()).isEqualTo(offset(150));
    assertThat(zero.deaths()).isEqualTo(2);
  }

  @Test
  void shouldExcuseEachPartitionUntilItIsFurtherThanWhenItFailed() {
    Suspects.Account one = open(ONE);
    commit(ZERO, 100, true);
    commit(ONE, 105, true);
    process.blameNoImages();
    commit(ONE, 106, true);
    commit(ZERO, 100, true);
    assertThat(work(ZERO)).as("another partition's answers").isEqualTo(OffsetNote.InWork.IDLE);
    assertThat(work(ONE)).isEqualTo(OffsetNote.InWork.BUSY);

    one.close();
    zero.close(); // by the thread that failed; another one takes its place
    zero = open(ZERO);
    commit(ZERO, 100, true);
    assertThat(work(ZERO)).isEqualTo(OffsetNote.InWork.IDLE);
    commit(ZERO, 101, true);
    assertThat(work(ZERO)).isEqualTo(OffsetNote.InWork.BUSY);
  }

  @Test
  void shouldTryImagesOneAtATimeInTheWholeProcess() {
    endTwice();
    Suspects.Account one = open(ONE);
    commit(ZERO, 100, true);
    commit(ONE, 100, true);
    assertThat(goes(one, 100, false)).isTrue();

    assertThat(goes(zero, 100, true)).isFalse();
    assertThat(one.waits(101, true)).as("another partition").isTrue();
    assertThat(zero.waits(100, false)).as("with another image in flight").isTrue();
    assertThat(zero.waitsForCommit()).isFalse();
    assertThat(goes(zero, 100, true)).isFalse();
    assertThat(zero.waitsForCommit()).as("the note that it is alone").isTrue();
    assertThat(zero.waits(100, true)).as("before that is committed").isTrue();
    commit(ZERO, 100, true);
    assertThat(work(ZERO)).isEqualTo(OffsetNote.InWork.ALONE);
    assertThat(goes(zero, 100, true)).isTrue();
    assertThat(zero.waits(101, true)).isTrue();
    assertThat(zero.waitsForCommit()).as("while it is in work").isFalse();
    assertThat(zero.tries()).isTrue();

    commit(ZERO, 101, true);
    assertThat(zero.tries()).isFalse();
    assertThat(one.waits(101, true)).as("between two of them").isTrue();
    tryAlone(101);
    assertThat(one.waits(101, true)).isTrue();
    commit(ZERO, 102, false);
    assertThat(goes(one, 101, true)).as("nothing is left of them").isTrue();
  }

  @Test
  void shouldTryTwoPartitionsOneAfterTheOther() {
    Suspects.Account one = open(ONE);
    for (int i = 0; i < 2; i++) {
      commit(ZERO, 100, true);
      commit(ONE, 100, true);
      end();
      one = open(ONE);
    }
    commit(ZERO, 100, true);
    commit(ONE, 100, true);
    tryAlone(100);
    assertThat(goes(one, 100, true)).isFalse();
    commit(ZERO, 101, false);
    commit(ONE, 100, true);

    assertThat(goes(one, 100, true)).isFalse();
    assertThat(zero.waits(101, true)).isTrue();
    assertThat(goes(one, 100, true)).isFalse();
    commit(ONE, 100, true);
    assertThat(goes(one, 100, true)).isTrue();
    commit(ONE, 101, false);
    assertThat(goes(zero, 101, true)).isTrue();
  }

  @Test
  void shouldLetOthersGoOnceThePartitionIsPastOrClosed() {
    endTwice();
    Suspects.Account one = open(ONE);
    commit(ZERO, 100, true);
    commit(ONE, 100, true);
    goes(zero, 100, true);
    assertThat(goes(one, 100, true)).isFalse();
    commit(ZERO, 100 + REACH + 1, true);
    assertThat(goes(one, 100, true)).isTrue();

    endTwice();
    commit(ZERO, 111, true);
    one = open(ONE);
    commit(ONE, 101, true);
    goes(zero, 111, true);
    assertThat(goes(one, 101, true)).isFalse();
    zero.close();
    assertThat(goes(one, 101, true)).isTrue();
  }

  @Test
  void shouldLetOthersGoWhileTheNextImageWaitsForItsSchema() {
    endTwice();
    Suspects.Account one = open(ONE);
    commit(ZERO, 100, true);
    commit(ONE, 100, true);
    goes(zero, 100, true);
    zero.letOthersGoOn();
    assertThat(goes(one, 100, true)).isTrue();

    tryAlone(100);
    zero.letOthersGoOn();
    assertThat(goes(one, 101, true)).as("while one is tried").isFalse();
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
    assertThat(goes(zero, 101, false)).as("before the dead letter is committed").isFalse();
    commit(ZERO, 101, true);
    assertThat(zero.deaths()).isZero();
    assertThat(zero.poison(100)).isFalse();
    assertThat(goes(zero, 101, false)).isTrue();
  }

  @Test
  void shouldBlameNoImageThatWasNotAlone() {
    for (int i = 0; i < 10; i++) {
      commit(ZERO, 100, true);
      goes(zero, 100, true);
      goes(zero, 100, true); // about to be tried, and its note is never committed
      end();
    }

    assertThat(zero.deaths()).isEqualTo(10);
    assertThat(zero.poison(100)).isFalse();
  }

  @Test
  void shouldCountNothingWhereThatIsTurnedOff() {
    committed.put(ZERO, new OffsetAndMetadata(100, "time|11111111,BUSY,3,100,2"));
    process = new Suspects(0);
    zero = open(ZERO);

    assertThat(zero.deaths()).isZero();
    assertThat(process.suspected()).isZero();
    assertThat(goes(zero, 100, false)).isTrue();
    commit(ZERO, 105, true);
    assertThat(committed.get(ZERO).metadata()).isEqualTo("time");
    assertThat(zero.poison(OffsetNote.NONE)).isFalse();
  }

  private void endTwice() {
    for (int i = 0; i < 2; i++) {
      commit(ZERO, committed.get(ZERO).offset(), true);
      end();
    }
  }

  private void tryAlone(long offset) {
    commit(ZERO, offset, true);
    goes(zero, offset, true);
    goes(zero, offset, true);
    commit(ZERO, offset, true);
    assertThat(goes(zero, offset, true)).isTrue();
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
    OffsetAndMetadata noted = noted(partition, offset(offset), busy, leaving);
    committed.put(partition, noted);
    process.committed(partition, noted);
  }

  private OffsetAndMetadata noted(
      TopicPartition partition, OffsetAndMetadata offset, boolean busy, boolean leaving) {
    OffsetNote.Owner owner = process.owner(partition, offset.offset(), busy, leaving);
    OffsetNote note = new OffsetNote(owner, null, OffsetNote.SchemaIds.NONE);
    return new OffsetAndMetadata(
        offset.offset(), offset.leaderEpoch(), note.behind(offset.metadata()));
  }

  private static OffsetAndMetadata offset(long offset) {
    return new OffsetAndMetadata(offset, Optional.of(4), "time");
  }

  private OffsetNote.InWork work(TopicPartition partition) {
    return OffsetNote.in(committed.get(partition).metadata()).owner().work();
  }

  private static boolean goes(Suspects.Account account, long offset, boolean nothingElse) {
    return !account.waits(offset, nothingElse) && account.admits(offset);
  }
}
