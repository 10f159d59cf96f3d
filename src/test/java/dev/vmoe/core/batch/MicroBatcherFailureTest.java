package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.moe.ImagePriority;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a failure of a part of the batcher, or its end, leaves the other parts. */
@Timeout(30)
class MicroBatcherFailureTest extends BatcherFixture {

  @Test
  void shouldRejectImageOnWhichDecoderFails() throws Exception {
    open(1, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    lane.submit(1, new byte[0], ImagePriority.DEFAULT, Lane.NEVER_DUE);

    assertThat(take(lane).answers().get(0))
        .isInstanceOfSatisfying(
            Answer.Rejected.class, r -> assertThat(r.reason()).contains("decoder failed"));
  }

  @Test
  void shouldFailBatchOnWhichTheMachineCannotDecode() throws Exception {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, NO_NATIVES);
    assertThat(lane.await(FOREVER)).isTrue();
    assertThatThrownBy(lane::poll)
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("no natives");

    Lane<Integer> next = batcher.openLane();
    submit(next, 5, 6);
    assertThat(classes(take(next))).containsExactly(5, 6);
  }

  @Test
  void shouldFailSharesOfFailedBatchOnly() throws Exception {
    open(1, 1_000, NEVER_LINGERS);
    Lane<Integer> failing = batcher.openLane();
    submit(failing, PixelEcho.FAILS);
    assertThat(failing.await(FOREVER)).isTrue();
    assertThatThrownBy(failing::poll).isInstanceOf(InferenceException.class);

    Lane<Integer> next = batcher.openLane();
    submit(next, 5);
    assertThat(classes(take(next))).containsExactly(5);
  }

  @Test
  void shouldAnswerBatchesOfWhichAnObserverFails() throws Exception {
    open(
        1,
        1_000,
        NEVER_LINGERS,
        (run, images) -> {
          if (images.get(0) == 1) {
            throw new IllegalStateException("metrics");
          }
          throw new AssertionError("metrics");
        });
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, 2, 3);

    assertThat(classes(take(lane))).containsExactly(1);
    assertThat(classes(take(lane))).containsExactly(2);
    assertThat(classes(take(lane))).containsExactly(3);
  }

  @Test
  void shouldDiscardLateResultsOfClosedLane() throws Exception {
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lost = batcher.openLane();
    Lane<Integer> kept = batcher.openLane();
    submit(lost, 1);
    submit(kept, 2);
    lost.close();
    classifier.permits.release();

    assertThat(classes(take(kept))).containsExactly(2);
    assertThat(lost.poll()).isNull();
    assertThat(lost.pending()).isZero();
  }

  @Test
  void shouldRefuseImagesOnceClosed() {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    batcher.close();
    assertThatThrownBy(() -> submit(lane, 1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void shouldNotLetALaneWaitForAClosedBatcher() {
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1);
    batcher.close();
    assertThatThrownBy(() -> lane.await(FOREVER)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void shouldBreakDownWhenAnInferenceThreadFails() throws Exception {
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    clock =
        () -> {
          if (Thread.currentThread().getName().equals("vmoe-inference")) {
            throw new OutOfMemoryError("test");
          }
          return System.nanoTime();
        };
    submit(lane, 1); // the thread looks at it as soon as it is there

    assertThat(lane.await(FOREVER)).isTrue();
    assertThatThrownBy(lane::poll)
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("an inference thread failed: java.lang.OutOfMemoryError: test");
    assertThat(batcher.broken().toCompletableFuture()).isDone();
    clock = System::nanoTime;
  }

  @Test
  void shouldLoseNoBufferWhenThereIsNoMemoryForALargerOne() throws Exception {
    noMoreThan(2);
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    for (int i = 0; i < 2 * MicroBatcher.buffers(1); i++) {
      limits = new BatchLimits(3, 1_000, NEVER_LINGERS);
      assertThatThrownBy(() -> submit(lane, 1))
          .isInstanceOf(InferenceException.class)
          .hasMessageContaining("no memory outside the heap for a batch of 9 bytes")
          .hasMessageContaining("VMOE_DIRECT_MEMORY");
    }
    limits = new BatchLimits(2, 1_000, NEVER_LINGERS);
    submit(lane, 1, 2, 3, 4, 5, 6, 7, 8);

    assertThat(classes(take(lane))).containsExactly(1, 2);
    assertThat(classes(take(lane))).containsExactly(3, 4);
    assertThat(classes(take(lane))).containsExactly(5, 6);
    assertThat(classes(take(lane))).containsExactly(7, 8);
  }

  @Test
  void shouldFailOnlyTheBatchForWhichThereIsNoMemory() throws Exception {
    noMoreThan(2);
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> before = batcher.openLane();
    Lane<Integer> failing = batcher.openLane();
    Lane<Integer> behind = batcher.openLane();
    submit(before, 1, 2, 3, 4, 5, 6); // takes all buffers
    limits = new BatchLimits(3, 1_000, NEVER_LINGERS);
    submit(failing, 7, 8, 9);
    limits = new BatchLimits(2, 1_000, NEVER_LINGERS);
    submit(behind, 10, 11);
    classifier.permits.release(100);

    assertThat(failing.await(FOREVER)).isTrue();
    assertThatThrownBy(failing::poll)
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("no memory outside the heap for a batch of 9 bytes");
    assertThat(classes(take(before))).containsExactly(1, 2);
    assertThat(classes(take(before))).containsExactly(3, 4);
    assertThat(classes(take(before))).containsExactly(5, 6);
    assertThat(classes(take(behind))).containsExactly(10, 11);
  }

  private void noMoreThan(int images) {
    allocator =
        bytes -> {
          if (bytes > 3 * images) {
            throw new OutOfMemoryError("Cannot reserve bytes of direct buffer memory");
          }
          return ByteBuffer.allocateDirect(bytes);
        };
  }
}
