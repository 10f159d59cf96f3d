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
    InFlightRecord three = at(3);
    InFlightRecord four = at(4);
    queue.add(three);
    queue.add(four);
    queue.takeBack(three);
    queue.takeBack(four);
    queue.takeBack(four);

    assertThat(queue.first()).hasValue(3);
    queue.takeBack(three);
    assertThat(queue.first()).isEmpty();
    assertThat(queue.firstHeld()).isNull();
  }

  @Test
  void shouldRefuseToAddGoOnOrEmitOutOfOrder() {
    InFlightRecord three = at(3);
    InFlightRecord four = at(4);
    queue.add(three);
    queue.add(four);
    assertThatIllegalStateException().isThrownBy(() -> queue.add(at(4)));
    assertThatIllegalStateException().isThrownBy(() -> queue.claim(four));

    queue.claim(three);
    queue.batch(three);
    queue.claim(four);
    queue.batch(four);
    assertThatIllegalStateException().isThrownBy(() -> queue.emitted(three));
    queue.answer(four);
    assertThatIllegalStateException()
        .isThrownBy(() -> queue.emitted(four))
        .withMessage("images-0: it was the turn of offset 4, due is 3");
    assertThatIllegalStateException().isThrownBy(() -> queue.answer(four));
  }

  @Test
  void shouldForgetAClosedTaskButNotItsSuccessor() {
    queue.add(at(3));
    PartitionQueue second = queues.open(ZERO);
    second.add(at(7));
    queue.close();

    assertThat(queues.owned()).containsExactly(Map.entry(ZERO, second));
    assertThat(second.first()).hasValue(7);
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

    assertThat(queues.images()).isEqualTo(1);
    assertThat(queues.bytes()).isEqualTo(10);
    assertThat(queue.images()).isZero();
  }

  @Test
  void shouldCountARecordThatIsDecidedOnAndNotOnceItHasToWait() {
    InFlightRecord first = at(0, 5);
    queue.add(first);
    queue.claim(first);
    assertThat(queues.images()).isEqualTo(1);
    assertThat(queues.bytes()).isEqualTo(5);

    queue.unclaim(first);
    queue.hold(Admission.Wait.SCHEMA);
    assertThat(queues.images()).isZero();
    assertThat(queues.bytes()).isZero();
  }

  @Test
  void shouldSayWhatItWaitsFor() {
    for (long offset = 0; offset < 3; offset++) {
      queue.add(at(offset));
    }
    assertThat(queue.isHolding()).as("nothing was decided yet").isFalse();
    queue.hold(Admission.Wait.ROOM);
    assertThat(queue.isHolding()).isTrue();
    assertThat(queue.isBlocked()).as("less quality makes room").isFalse();
    assertThat(queues.held()).isEqualTo(3);
    assertThat(queues.holding(Set.of(ZERO, ONE))).containsExactly(ZERO);
    queue.hold(Admission.Wait.COMMIT);
    assertThat(queue.isBlocked()).isTrue();

    InFlightRecord first = queue.firstHeld();
    queue.claim(first);
    queue.batch(first);
    assertThat(queue.isBlocked()).as("the next was not decided on").isFalse();
    assertThat(queues.held()).isEqualTo(2);
    for (InFlightRecord next = queue.firstHeld(); next != null; next = queue.firstHeld()) {
      queue.claim(next);
      queue.batch(next);
    }
    assertThat(queue.isHolding()).isFalse();
    assertThat(queues.holding(Set.of(ZERO))).isEmpty();
  }

  @Test
  void shouldNotHoldOnceWhatItHeldIsTakenBack() {
    InFlightRecord only = at(0);
    queue.add(only);
    queue.hold(Admission.Wait.COMMIT);
    queue.takeBack(only);

    assertThat(queue.isHolding()).isFalse();
    assertThat(queues.held()).isZero();
  }

  @Test
  void shouldFollowTheWatermarkOverOffsetsWithoutRecords() {
    assertThat(queue.watermark()).isEmpty();
    queue.beginsAt(5);
    queue.beginsAt(6);
    assertThat(queue.watermark()).hasValue(5);
    InFlightRecord nine = addBatched(queue, at(9));
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
    List<InFlightRecord> expected = new ArrayList<>();
    OptionalLong watermark = OptionalLong.empty();
    long nextOffset = random.nextInt(5);
    for (Step step : steps) {
      InFlightRecord firstHeld = first(expected, InFlightRecord.State.HELD);
      InFlightRecord firstFetching = first(expected, InFlightRecord.State.FETCHING);
      if (firstHeld == null
          || (firstFetching != null && firstFetching.offset() < firstHeld.offset())) {
        firstHeld = firstFetching;
      }
      switch (step) {
        case ADD -> {
          InFlightRecord added = at(nextOffset, 1 + random.nextInt(9));
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
          InFlightRecord any = first(expected, InFlightRecord.State.HELD);
          if (any != null) {
            any.fetching(RequestReader.Request.ofRawImage(new byte[0]), FETCH);
          }
        }
        case BATCH -> {
          if (firstHeld != null) {
            tested.claim(firstHeld);
            tested.batch(firstHeld);
          }
        }
        case ANSWER -> {
          InFlightRecord batched = first(expected, InFlightRecord.State.BATCHED);
          if (batched != null) {
            tested.answer(batched);
          }
        }
        case EMIT -> {
          if (!expected.isEmpty() && expected.get(0).state() == InFlightRecord.State.ANSWERED) {
            InFlightRecord emitted = expected.remove(0);
            tested.emitted(emitted);
            assertThat(emitted.next).as("keeps none of those behind it").isNull();
            watermark =
                OptionalLong.of(
                    expected.isEmpty() ? emitted.offset() + 1 : expected.get(0).offset());
          }
        }
        case TAKE_BACK -> {
          if (!expected.isEmpty()) {
            InFlightRecord last = expected.remove(expected.size() - 1);
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
      PartitionQueues all, PartitionQueue tested, List<InFlightRecord> expected) {
    List<InFlightRecord> held = expected.stream().filter(InFlightRecord::isHeld).toList();
    List<InFlightRecord> inFlight = expected.stream().filter(it -> !it.isHeld()).toList();
    assertThat(all.owned()).containsExactly(Map.entry(ZERO, tested));
    assertThat(tested.first())
        .isEqualTo(
            expected.isEmpty() ? OptionalLong.empty() : OptionalLong.of(expected.get(0).offset()));
    assertThat(heldOf(tested)).isEqualTo(held);
    assertThat(tested.images()).isEqualTo(inFlight.size());
    assertThat(all.images()).isEqualTo(inFlight.size());
    assertThat(all.bytes()).isEqualTo(inFlight.stream().mapToLong(InFlightRecord::bytes).sum());
    boolean waitsForFetch = tested.waitsForFetch();
    assertThat(all.held()).isEqualTo(tested.isHolding() && !waitsForFetch ? held.size() : 0);
    assertThat(tested.isHolding() && held.isEmpty()).as("holds nothing").isFalse();
    assertThat(waitsForFetch && held.get(0).fetch() == null).as("waits for no fetch").isFalse();
    assertThat(expected.subList(0, inFlight.size()))
        .as("those in flight are before those held")
        .isEqualTo(inFlight);
  }

  private static List<InFlightRecord> heldOf(PartitionQueue queue) {
    List<InFlightRecord> held = new ArrayList<>();
    for (InFlightRecord its = queue.firstHeld(); its != null; its = its.next) {
      held.add(its);
    }
    return held;
  }

  private static InFlightRecord first(List<InFlightRecord> records, InFlightRecord.State state) {
    return records.stream().filter(it -> it.state() == state).findFirst().orElse(null);
  }

  /** A fetch that has failed. */
  private static final Fetch FETCH = failedFetch();

  private static Fetch failedFetch() {
    try (Fetching fetching = QueueRecords.fetchingNothing()) {
      return fetching.openLine().fetch(0, "https://nowhere.test/1");
    }
  }
}
