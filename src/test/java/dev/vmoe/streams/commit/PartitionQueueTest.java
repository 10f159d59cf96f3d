package dev.vmoe.streams.commit;

import static dev.vmoe.streams.commit.QueueRecords.addBatched;
import static dev.vmoe.streams.commit.QueueRecords.at;
import static dev.vmoe.streams.commit.QueueRecords.emit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.vmoe.fetch.Fetch;
import dev.vmoe.fetch.Fetching;
import dev.vmoe.streams.intake.RequestReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PartitionQueueTest {

  private static final TopicPartition ZERO = new TopicPartition("images", 0);
  private static final TopicPartition ONE = new TopicPartition("images", 1);

  private final PartitionQueues queues = new PartitionQueues();
  private final PartitionQueue queue = queues.open(ZERO);

  @Test
  void shouldTakeBackOnlyWhatWasAddedLast() {
    QueuedRecord three = at(3);
    QueuedRecord four = at(4);
    queue.add(three);
    queue.add(four);
    queue.takeBack(three);
    queue.takeBack(four);
    queue.takeBack(four);

    assertThat(queue.firstNotEmitted()).hasValue(3);
    queue.takeBack(three);
    assertThat(queue.firstNotEmitted()).isEmpty();
    assertThat(queue.firstHeld()).isNull();
  }

  @Test
  void shouldRefuseToAddGoOnOrEmitOutOfOrder() {
    QueuedRecord three = at(3);
    QueuedRecord four = at(4);
    queue.add(three);
    queue.add(four);
    assertThatIllegalStateException().isThrownBy(() -> queue.add(at(4)));
    assertThatIllegalStateException().isThrownBy(() -> queue.claim(four));

    queue.claim(three);
    queue.batch(three);
    queue.claim(four);
    queue.batch(four);
    assertThatIllegalStateException().isThrownBy(() -> queue.emitted(three));
    queue.answered(four);
    assertThatIllegalStateException()
        .isThrownBy(() -> queue.emitted(four))
        .withMessage("images-0: it was the turn of offset 4, due is 3");
    assertThatIllegalStateException().isThrownBy(() -> queue.answered(four));
  }

  @Test
  void shouldForgetAClosedTaskButNotItsSuccessor() {
    queue.add(at(3));
    PartitionQueue second = queues.open(ZERO);
    second.add(at(7));
    queue.close();

    assertThat(queues.owned()).containsExactly(Map.entry(ZERO, second));
    assertThat(second.firstNotEmitted()).hasValue(7);
    second.close();
    assertThat(queues.owned()).isEmpty();
  }

  @Test
  void shouldForgetWhatAClosedPartitionHad() {
    addBatched(queue, at(0, 300));
    addBatched(queue, at(1, 400));
    addBatched(queues.open(ONE), at(0, 10));
    queue.close();
    queue.close();

    assertThat(queues.inFlightImages()).isEqualTo(1);
    assertThat(queues.inFlightBytes()).isEqualTo(10);
    assertThat(queue.inFlightImages()).isZero();
  }

  @Test
  void shouldCountARecordThatIsDecidedOnAndNotOnceItHasToWait() {
    QueuedRecord first = at(0, 5);
    queue.add(first);
    queue.claim(first);
    assertThat(queues.inFlightImages()).isEqualTo(1);
    assertThat(queues.inFlightBytes()).isEqualTo(5);

    queue.unclaim(first);
    queue.hold(Admission.Wait.SCHEMA);
    assertThat(queues.inFlightImages()).isZero();
    assertThat(queues.inFlightBytes()).isZero();
  }

  @Test
  void shouldSayWhatItWaitsFor() {
    for (long offset = 0; offset < 3; offset++) {
      queue.add(at(offset));
    }
    assertThat(queue.isWaiting()).as("nothing was decided yet").isFalse();
    queue.hold(Admission.Wait.ROOM);
    assertThat(queue.isWaiting()).isTrue();
    assertThat(queue.isBlocked()).as("less quality makes room").isFalse();
    assertThat(queues.held()).isEqualTo(3);
    assertThat(queues.waiting(Set.of(ZERO, ONE))).containsExactly(ZERO);
    queue.hold(Admission.Wait.COMMIT);
    assertThat(queue.isBlocked()).isTrue();

    QueuedRecord first = queue.firstHeld();
    queue.claim(first);
    queue.batch(first);
    assertThat(queue.isBlocked()).as("the next was not decided on").isFalse();
    assertThat(queues.held()).isEqualTo(2);
    for (QueuedRecord next = queue.firstHeld(); next != null; next = queue.firstHeld()) {
      queue.claim(next);
      queue.batch(next);
    }
    assertThat(queue.isWaiting()).isFalse();
    assertThat(queues.waiting(Set.of(ZERO))).isEmpty();
  }

  @Test
  void shouldNotHoldOnceWhatItHeldIsTakenBack() {
    QueuedRecord only = at(0);
    queue.add(only);
    queue.hold(Admission.Wait.COMMIT);
    queue.takeBack(only);

    assertThat(queue.isWaiting()).isFalse();
    assertThat(queues.held()).isZero();
  }

  @Test
  void shouldFollowTheWatermarkOverOffsetsWithoutRecords() {
    assertThat(queue.watermark()).isEmpty();
    queue.beginsAt(5);
    queue.beginsAt(6);
    assertThat(queue.watermark()).hasValue(5);
    QueuedRecord nine = addBatched(queue, at(9));
    assertThat(queue.watermark()).hasValue(9);
    queue.passed(20);
    assertThat(queue.watermark()).as("not beyond what is not emitted").hasValue(9);

    emit(queue, nine);
    assertThat(queue.watermark()).hasValue(10);
    queue.passed(12);
    queue.passed(11);
    assertThat(queue.watermark()).hasValue(12);
  }

  @Test
  void shouldMeasureHowManyOffsetsHoldARecordTheLatestAboveAll() {
    assertThat(queue.recordsPerOffset()).isEqualTo(1);
    long offset = 0;
    for (int i = 0; i < 100; i++) {
      emit(queue, addBatched(queue, at(offset += 2)));
    }
    assertThat(queue.recordsPerOffset()).isEqualTo(0.5);
    for (int i = 0; i < 20_000; i++) {
      emit(queue, addBatched(queue, at(++offset)));
    }
    assertThat(queue.recordsPerOffset()).isGreaterThan(0.99);
  }

  // ---- whatever happens in whatever order ----

  private enum Step {
    ADD,
    HOLD,
    FETCH,
    BATCH,
    ANSWER,
    EMIT,
    TAKE_BACK,
    HAND_ON
  }

  /**
   * The same records as a plain list: offsets ascend, states never do. Random steps are taken on
   * both as far as they are allowed.
   */
  @Property(tries = 300)
  void shouldCommitTheFirstThatIsNotEmittedWhateverHappens(
      @ForAll List<Step> steps, @ForAll Random random) {
    PartitionQueues all = new PartitionQueues();
    PartitionQueue tested = all.open(ZERO);
    List<QueuedRecord> expected = new ArrayList<>();
    OptionalLong watermark = OptionalLong.empty();
    long nextOffset = random.nextInt(5);
    for (Step step : steps) {
      QueuedRecord firstHeld = first(expected, QueuedRecord.State.HELD);
      switch (step) {
        case ADD -> {
          QueuedRecord added = at(nextOffset, 1 + random.nextInt(9));
          tested.add(added);
          expected.add(added);
          nextOffset += 1 + random.nextInt(3);
          watermark = OptionalLong.of(expected.get(0).offset());
        }
        case HOLD -> {
          if (firstHeld != null) {
            tested.claim(firstHeld);
            tested.unclaim(firstHeld);
            tested.hold(firstHeld.fetch() != null ? Admission.Wait.FETCH : Admission.Wait.ROOM);
          }
        }
        case FETCH -> {
          expected.stream()
              .filter(it -> it.isHeld() && it.fetch() == null)
              .findFirst()
              .ifPresent(it -> it.fetching(RequestReader.Request.ofRawImage(new byte[0]), FETCH));
        }
        case BATCH -> {
          if (firstHeld != null) {
            tested.claim(firstHeld);
            tested.batch(firstHeld);
          }
        }
        case ANSWER -> {
          QueuedRecord batched = first(expected, QueuedRecord.State.BATCHED);
          if (batched != null) {
            tested.answered(batched);
          }
        }
        case EMIT -> {
          if (!expected.isEmpty() && expected.get(0).state() == QueuedRecord.State.ANSWERED) {
            QueuedRecord emitted = expected.remove(0);
            tested.emitted(emitted);
            assertThat(emitted.next).as("keeps none of those behind it").isNull();
            watermark =
                OptionalLong.of(
                    expected.isEmpty() ? emitted.offset() + 1 : expected.get(0).offset());
          }
        }
        case TAKE_BACK -> {
          if (!expected.isEmpty()) {
            QueuedRecord last = expected.remove(expected.size() - 1);
            tested.takeBack(last);
          }
        }
        case HAND_ON -> {
          PartitionQueue late = tested;
          tested = all.open(ZERO);
          late.close();
          expected.clear();
          watermark = OptionalLong.empty();
        }
      }
      check(all, tested, expected);
      assertThat(tested.watermark()).isEqualTo(watermark);
    }
  }

  private static void check(
      PartitionQueues all, PartitionQueue tested, List<QueuedRecord> expected) {
    List<QueuedRecord> held = expected.stream().filter(QueuedRecord::isHeld).toList();
    List<QueuedRecord> inFlight = expected.stream().filter(it -> !it.isHeld()).toList();
    assertThat(all.owned()).containsExactly(Map.entry(ZERO, tested));
    assertThat(tested.firstNotEmitted())
        .isEqualTo(
            expected.isEmpty() ? OptionalLong.empty() : OptionalLong.of(expected.get(0).offset()));
    assertThat(heldOf(tested)).isEqualTo(held);
    assertThat(tested.inFlightImages()).isEqualTo(inFlight.size());
    assertThat(all.inFlightImages()).isEqualTo(inFlight.size());
    assertThat(all.inFlightBytes())
        .isEqualTo(inFlight.stream().mapToLong(QueuedRecord::bytes).sum());
    boolean waitsForFetch = tested.waitsForFetch();
    assertThat(all.held()).isEqualTo(tested.isWaiting() && !waitsForFetch ? held.size() : 0);
    assertThat(tested.isWaiting() && held.isEmpty()).as("holds nothing").isFalse();
    assertThat(waitsForFetch && held.get(0).fetch() == null).as("waits for no fetch").isFalse();
    assertThat(expected.subList(0, inFlight.size()))
        .as("those in flight are before those held")
        .isEqualTo(inFlight);
  }

  private static List<QueuedRecord> heldOf(PartitionQueue queue) {
    List<QueuedRecord> held = new ArrayList<>();
    for (QueuedRecord its = queue.firstHeld(); its != null; its = its.next) {
      held.add(its);
    }
    return held;
  }

  private static QueuedRecord first(List<QueuedRecord> records, QueuedRecord.State state) {
    return records.stream().filter(it -> it.state() == state).findFirst().orElse(null);
  }

  /** A fetch that has failed. */
  private static final Fetch FETCH = failedFetch();

  private static Fetch failedFetch() {
    try (Fetching fetching = QueueRecords.fetchingNothing()) {
      return fetching.openFetchAhead().fetch(0, "https://nowhere.test/1");
    }
  }
}
