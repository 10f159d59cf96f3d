package dev.vmoe.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.inference.InferenceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a failure of a part of the batcher, or its end, leaves the other parts. */
@Timeout(30)
class MicroBatcherFailureTest extends BatcherFixture {

  @Test
  void shouldRejectImageOnWhichDecoderFails() throws Exception {
    open(1, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    lane.submit(1, new byte[0]);

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
}
