package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.capacity.Sample;
import dev.vmoe.core.moe.ImagePriority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What closes a batch, and how its images find their answers. */
@Timeout(30)
class MicroBatcherTest extends BatcherFixture {

  @Test
  void shouldCloseBatchBySizeAcrossLanes() throws Exception {
    open(4, 1_000, NEVER_LINGERS);
    Lane<Integer> left = batcher.openLane();
    Lane<Integer> right = batcher.openLane();
    submit(left, 1, 2);
    submit(right, 3, 4);

    Share<Integer> ofLeft = take(left);
    Share<Integer> ofRight = take(right);

    assertThat(ofLeft.run()).isSameAs(ofRight.run());
    assertThat(ofLeft.run().flushReason()).isEqualTo(FlushReason.SIZE);
    assertThat(ofLeft.run().numImages()).isEqualTo(4);
    assertThat(classes(ofLeft)).containsExactly(1, 2);
    assertThat(classes(ofRight)).containsExactly(3, 4);
  }

  @Test
  void shouldCloseBatchWhenOldestImageHasLingered() throws Exception {
    open(4, 1_000, Duration.ofMillis(5));
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);

    Share<Integer> share = take(lane);

    assertThat(share.run().flushReason()).isEqualTo(FlushReason.LINGER);
    assertThat(share.run().lingerNanos())
        .isBetween(Duration.ofMillis(5).toNanos(), FOREVER.toNanos());
    Answer.Classified<Integer> answer = (Answer.Classified<Integer>) share.answers().get(0);
    assertThat(answer.queueNanos()).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(5));
  }

  @Test
  void shouldMeasureEveryTimeByItsClock() throws Exception {
    AtomicLong nanos = new AtomicLong(1_000);
    clock = nanos::get;
    classifier.permits.drainPermits();
    open(4, 1_000, Duration.ofNanos(500));
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);
    Awaitility.await().until(() -> decoded.get() == 1);
    nanos.set(1_700); // its linger is over
    Awaitility.await().until(() -> samples.size() == 1); // it runs
    submit(lane, 2);
    nanos.set(2_300); // the second batch is older than the linger, but a run is under way
    submit(lane, 3);
    Awaitility.await().until(() -> decoded.get() == 3);
    classifier.permits.release(2);

    Share<Integer> first = take(lane);
    assertThat(first.run().flushReason()).isEqualTo(FlushReason.LINGER);
    assertThat(first.run().lingerNanos()).isEqualTo(700);
    assertThat(first.run().startNanos()).isEqualTo(1_700);
    assertThat(first.answers()).containsExactly(new Answer.Classified<>(1, 0, 700, 1_000, 0));
    Share<Integer> second = take(lane);
    assertThat(classes(second)).containsExactly(2, 3);
    assertThat(second.run().lingerNanos()).isEqualTo(600);
    Sample sample = samples.get(1);
    assertThat(sample.nowNanos()).isEqualTo(2_300);
    assertThat(sample.oldestAgeNanos()).isEqualTo(600);
    assertThat(sample.idleNanos()).isZero();
  }

  @Test
  void shouldCloseBatchByBytesAndGiveLargeImageABatchOfItsOwn() throws Exception {
    open(100, 10, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    lane.submit(1, encoded(1, 6), ImagePriority.DEFAULT, Lane.NEVER_DUE);
    lane.submit(2, encoded(2, 6), ImagePriority.DEFAULT, Lane.NEVER_DUE);
    lane.submit(3, encoded(3, 50), ImagePriority.DEFAULT, Lane.NEVER_DUE);

    assertThat(classes(take(lane))).containsExactly(1);
    assertThat(classes(take(lane))).containsExactly(2);
    Share<Integer> large = take(lane);
    assertThat(classes(large)).containsExactly(3);
    assertThat(large.run().flushReason()).isEqualTo(FlushReason.BYTES);
  }

  @Test
  void shouldCompactUndecodableImagesAndKeepOrder() throws Exception {
    open(6, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, BAD, 2);
    lane.reject(77, "not Avro");
    submit(lane, BAD, 3);

    Share<Integer> share = take(lane);

    assertThat(share.run().numImages()).isEqualTo(3);
    assertThat(classifier.pixelsSeen.get(0)).containsExactly(1, 2, 3);
    assertThat(share.answers()).extracting(Answer::origin).containsExactly(1, BAD, 2, 77, BAD, 3);
    assertThat(share.answers().get(1))
        .isEqualTo(new Answer.Rejected<>(BAD, "bad pixel", Answer.Cause.IMAGE));
    assertThat(share.answers().get(3))
        .isEqualTo(new Answer.Rejected<>(77, "not Avro", Answer.Cause.IMAGE));
    assertThat(classes(share)).containsExactly(1, 2, 3);
  }

  @Test
  void shouldLetPrioritiesFollowTheirImagesThroughCompactionAndLanes() throws Exception {
    open(8, 1_000, NEVER_LINGERS);
    Lane<Integer> left = batcher.openLane();
    Lane<Integer> right = batcher.openLane();
    left.submit(1, encoded(1, 1), ImagePriority.DEFAULT, Lane.NEVER_DUE);
    left.submit(BAD, encoded(BAD, 1), 50, Lane.NEVER_DUE);
    left.submit(2, encoded(2, 1), 10, Lane.NEVER_DUE);
    right.reject(77, "not Avro");
    right.submit(BAD, encoded(BAD, 1), ImagePriority.DEFAULT, Lane.NEVER_DUE);
    right.submit(3, encoded(3, 1), ImagePriority.DEFAULT, Lane.NEVER_DUE);
    right.submit(4, encoded(4, 1), .5f, Lane.NEVER_DUE);
    left.submit(5, encoded(5, 1), 100, Lane.NEVER_DUE);

    assertThat(classes(take(left))).containsExactly(1, 2, 5);
    assertThat(classes(take(right))).containsExactly(3, 4);
    assertThat(classifier.pixelsSeen.get(0)).containsExactly(1, 2, 3, 4, 5);
    assertThat(classifier.prioritiesSeen.get(0)).containsExactly(1, 10, 1, .5f, 100);
  }

  @Test
  void shouldRefuseAPriorityOutsideItsBounds() throws Exception {
    open(1, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();

    assertThatThrownBy(() -> lane.submit(1, encoded(1, 1), 0, Lane.NEVER_DUE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("priority 0.0 is outside");
    assertThat(lane.pending()).isZero();
    submit(lane, 2);
    assertThat(classes(take(lane))).containsExactly(2);
  }

  @Test
  void shouldAnswerBatchWithoutAnyImage() throws Exception {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    lane.reject(1, "empty");
    submit(lane, BAD);

    Share<Integer> share = take(lane);

    assertThat(share.run().result()).isNull();
    assertThat(share.run().numImages()).isZero();
    assertThat(share.answers()).hasSize(2).allMatch(a -> a instanceof Answer.Rejected);
    assertThat(classifier.pixelsSeen).isEmpty();
  }

  @Test
  void shouldApplyNewLimitsFromTheNextBatchOn() throws Exception {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);
    limits = new BatchLimits(7, 1_000, NEVER_LINGERS);
    submit(lane, 2, 3, 4, 5, 6, 7, 8, 9);

    assertThat(classes(take(lane))).containsExactly(1, 2);
    assertThat(classes(take(lane))).containsExactly(3, 4, 5, 6, 7, 8, 9);
  }

  @Test
  void shouldAnswerEveryImageOnceAndInOrderUnderConcurrentLanes() throws Exception {
    open(7, 40, Duration.ofMillis(1));
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<List<Integer>>> lanes = new ArrayList<>();
      for (int seed = 0; seed < 4; seed++) {
        Random random = new Random(seed);
        lanes.add(threads.submit(() -> drive(batcher.openLane(), random, 2_000)));
      }
      for (Future<List<Integer>> lane : lanes) {
        assertThat(lane.get())
            .containsExactlyElementsOf(IntStream.range(0, 2_000).boxed().toList());
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(classifier.pixelsSeen).allMatch(pixels -> pixels.size() <= 7);
  }

  /** Sends images of random kinds and sizes, taking shares out at random; returns the origins. */
  private static List<Integer> drive(Lane<Integer> lane, Random random, int images)
      throws InterruptedException {
    List<Integer> origins = new ArrayList<>();
    int sent = 0;
    while (origins.size() < images) {
      if (sent < images && random.nextInt(3) > 0) {
        if (random.nextInt(10) == 0) {
          lane.reject(sent++, "bad");
        } else {
          lane.submit(
              sent++,
              encoded(random.nextInt(NO_NATIVES), 1 + random.nextInt(15)),
              ImagePriority.DEFAULT,
              Lane.NEVER_DUE);
        }
      } else if (sent == images || lane.pending() > 30) {
        assertThat(lane.await(FOREVER)).isTrue();
      }
      Share<Integer> share = lane.poll();
      if (share != null) {
        share.answers().forEach(answer -> origins.add(answer.origin()));
      }
    }
    return origins;
  }
}
