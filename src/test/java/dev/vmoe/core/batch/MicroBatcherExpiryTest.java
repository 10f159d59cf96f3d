package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.capacity.Sample;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Images that can no longer be in time, by a clock that the test moves. */
@Timeout(30)
class MicroBatcherExpiryTest extends BatcherFixture {

  private static final long MS = 1_000_000;

  private final AtomicLong nowNanos = new AtomicLong(-5 * MS); // such a clock may be negative

  @BeforeEach
  void predictTenMillisecondsAnImage() {
    clock = nowNanos::get;
    fastestRun = images -> 10 * MS * images;
  }

  private void submit(Lane<Integer> lane, int pixel, long leftMs) {
    lane.submit(pixel, encoded(pixel, 1), pixel, nowNanos.get() + leftMs * MS);
  }

  private static Answer.Rejected<Integer> expired(int pixel, int lateMs) {
    return new Answer.Rejected<>(
        pixel,
        "expired: its answer would have come " + lateMs + " ms past its deadline",
        Answer.Cause.EXPIRED);
  }

  @Test
  void shouldLetAnImageExpireInItsTurnWithoutAPlaceInTheBatch() throws Exception {
    open(3, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);
    submit(lane, 2, 29); // the second of a batch: 1.5 · 20 ms
    submit(lane, 3, 50);
    submit(lane, 4);

    Share<Integer> share = take(lane);

    assertThat(share.answers())
        .extracting(Answer::origin)
        .as("in the order they came")
        .containsExactly(1, 2, 3, 4);
    assertThat(share.answers().get(1)).isEqualTo(expired(2, 1));
    assertThat(classifier.pixelsSeen).containsExactly(List.of(1, 3, 4));
    assertThat(decoded).hasValue(3);
    assertThat(classes(share)).containsExactly(1, 3, 4);
    Sample sample = samples.get(0);
    assertThat(sample.batchImages()).isEqualTo(3);
    assertThat(sample.expiredImages()).isOne();
    assertThat(sample.leftNanos()).isEqualTo(50 * MS);
  }

  @Test
  void shouldTakeTheMostUrgentOutOfABatchUntilARunOfTheOthersIsInTime() throws Exception {
    open(4, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 10, 62);
    submit(lane, 20, 61);
    submit(lane, 30, 60);
    nowNanos.addAndGet(30 * MS); // 1.2 · 30 ms is too much, 1.2 · 20 ms is not
    submit(lane, 40);

    Share<Integer> share = take(lane);

    assertThat(share.answers()).extracting(Answer::origin).containsExactly(10, 20, 30, 40);
    assertThat(share.answers().get(1)).isEqualTo(expired(20, 5));
    assertThat(share.answers().get(2)).isEqualTo(expired(30, 18));
    assertThat(classifier.pixelsSeen).containsExactly(List.of(10, 40));
    assertThat(classifier.prioritiesSeen.get(0)).containsExactly(10, 1);
    assertThat(share.run().numImages()).isEqualTo(2);
    assertThat(samples.get(0).expiredImages()).isEqualTo(2);
    assertThat(samples.get(0).leftNanos()).isEqualTo(32 * MS);
  }

  @Test
  void shouldNeitherDecodeNorRunABatchOfWhichNothingIsLeft() throws Exception {
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    for (int pixel = 1; pixel <= 6; pixel++) {
      submit(lane, pixel); // takes all three buffers
    }
    Awaitility.await().until(() -> !samples.isEmpty());
    submit(lane, 7, 10_000);
    submit(lane, 8, 10_000);
    nowNanos.addAndGet(10_000 * MS);
    submit(lane, 9, 10_000);
    submit(lane, 10);
    classifier.permits.release(10);

    assertThat(classes(take(lane))).containsExactly(1, 2);
    assertThat(classes(take(lane))).containsExactly(3, 4);
    assertThat(classes(take(lane))).containsExactly(5, 6);
    Share<Integer> nothing = take(lane);
    assertThat(nothing.answers()).containsExactly(expired(7, 24), expired(8, 12));
    assertThat(nothing.run().result()).isNull();
    assertThat(classes(take(lane))).containsExactly(9, 10);
    assertThat(decoded).hasValue(8);
    assertThat(samples).hasSize(4);
    assertThat(samples.subList(1, 4)).extracting(Sample::waitingImages).containsExactly(4, 2, 0);
    assertThat(samples.get(1).expiredImages()).isEqualTo(2);
  }

  @Test
  void shouldCountWhatIsAheadOfAnImage() throws Exception {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);
    submit(lane, 2);
    assertThat(classes(take(lane))).as("batches are full").containsExactly(1, 2);
    classifier.permits.drainPermits();
    submit(lane, 1);
    submit(lane, 2);
    Awaitility.await().until(() -> samples.size() == 2); // ends in 20 ms
    submit(lane, 3);
    submit(lane, 4);
    submit(lane, 5, 89); // 20 ms, 20 ms for the batch ahead and 20 ms for its own; and a half
    submit(lane, 6, 90);
    nowNanos.addAndGet(10 * MS); // of which 10 have passed
    submit(lane, 7, 75);
    classifier.permits.release(10);

    assertThat(classes(take(lane))).containsExactly(1, 2);
    assertThat(classes(take(lane))).containsExactly(3, 4);
    Share<Integer> last = take(lane);
    assertThat(last.answers().get(0)).isEqualTo(expired(5, 1));
    assertThat(classes(last)).containsExactly(6, 7);
  }

  @Test
  void shouldGoByTheLastRunWhereTheControllerPredictsNothing() throws Exception {
    fastestRun = images -> 0;
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, 1);
    submit(lane, 2, 0);
    Awaitility.await().until(() -> !samples.isEmpty());
    nowNanos.addAndGet(40 * MS);
    classifier.permits.release(10);
    assertThat(classes(take(lane))).as("nothing was known").containsExactly(1, 2);

    submit(lane, 3, 59); // 1.5 · 40 ms
    submit(lane, 4, 60);
    submit(lane, 5, 60);

    Share<Integer> share = take(lane);
    assertThat(share.answers().get(0)).isEqualTo(expired(3, 1));
    assertThat(classes(share)).containsExactly(4, 5);
  }
}
