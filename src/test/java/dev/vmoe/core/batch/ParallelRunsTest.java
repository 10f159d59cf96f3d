package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.capacity.Sample;
import dev.vmoe.core.inference.InferenceException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several batches that run at once. */
@Timeout(60)
class ParallelRunsTest extends BatcherFixture {

  private static final int HELD = 200;

  @BeforeEach
  void openForTwoRuns() {
    classifier.runs = 2;
    classifier.held = HELD;
    open(2, Long.MAX_VALUE, Duration.ofSeconds(60), (run, origins) -> {});
  }

  @Test
  void shouldRunAsManyBatchesAtOnceAsTheModelTakes() {
    Lane<Integer> lane = batcher.openLane();
    submit(lane, HELD, 1, HELD, 2, HELD, 3);
    await().untilAsserted(() -> assertThat(classifier.running).hasValue(2));
    assertThat(classifier.pixelsSeen).isEmpty();
    // the first saw nothing run, the second the first; how many wait depends on when they began
    assertThat(samples).extracting(Sample::runningImages).containsExactly(0, 2);
    classifier.release.countDown();
    await().untilAsserted(() -> assertThat(classifier.pixelsSeen).hasSize(3));
    assertThat(samples).hasSize(3);
  }

  @Test
  void shouldRunABatchThatWasDecodedBeforeTheOneAheadOfIt() throws InterruptedException {
    classifier.held = -1;
    for (int round = 0; round < 200; round++) {
      Lane<Integer> lane = batcher.openLane();
      submit(lane, 1, 2, 3, 4);
      assertThat(classes(take(lane))).containsExactly(1, 2);
      assertThat(classes(take(lane))).containsExactly(3, 4);
    }
  }

  @Test
  void shouldGiveSharesInOrderWhicheverBatchEndsFirst() throws InterruptedException {
    Lane<Integer> lane = batcher.openLane();
    Lane<Integer> other = batcher.openLane();
    submit(lane, HELD, 1);
    submit(lane, 2);
    submit(other, 3);
    // the second batch has ended: the other lane has its answer, this one waits for its first
    assertThat(classes(take(other))).containsExactly(3);
    assertThat(lane.poll()).isNull();
    classifier.release.countDown();
    assertThat(classes(take(lane))).containsExactly(HELD, 1);
    assertThat(classes(take(lane))).containsExactly(2);
    assertThat(lane.pending()).isZero();
  }

  /** A lane with much to do does not hold up one with little. */
  @Test
  void shouldAnswerAnImageBeforeThoseThatCameAfterIt() throws InterruptedException {
    Lane<Integer> busy = batcher.openLane();
    Lane<Integer> quiet = batcher.openLane();
    submit(busy, HELD, 1, 2, 3);
    submit(quiet, 4);
    submit(busy, 5, 6, 7, 8, 9);
    assertThat(classes(take(quiet))).as("while a run of the other is under way").containsExactly(4);
    await().untilAsserted(() -> assertThat(classifier.pixelsSeen).hasSize(4));
    assertThat(classifier.pixelsSeen)
        .containsExactly(List.of(2, 3), List.of(4, 5), List.of(6, 7), List.of(8, 9));
    assertThat(busy.poll()).as("behind its first images").isNull();
    classifier.release.countDown();
  }

  @Test
  void shouldFailTheLanesOfARunThatFailsAndNoOther() throws InterruptedException {
    Lane<Integer> failing = batcher.openLane();
    Lane<Integer> other = batcher.openLane();
    submit(failing, PixelEcho.FAILS, 1);
    submit(other, 2, 3);
    assertThat(classes(take(other))).containsExactly(2, 3);
    assertThat(failing.await(FOREVER)).isTrue();
    assertThatThrownBy(failing::poll).isInstanceOf(InferenceException.class);
  }

  @Test
  void shouldWaitForAllRunsWhenItIsClosed() {
    Lane<Integer> lane = batcher.openLane();
    submit(lane, HELD, 1, HELD, 2);
    await().untilAsserted(() -> assertThat(classifier.running).hasValue(2));
    AtomicInteger left = new AtomicInteger(-1);
    Thread closing =
        new Thread(
            () -> {
              batcher.close();
              left.set(classifier.running.get());
            });
    closing.start();
    await().until(() -> closing.getState() == Thread.State.WAITING);
    classifier.release.countDown();
    await().until(() -> !closing.isAlive());
    assertThat(left).as("runs under way when close returned").hasValue(0);
  }

  @Test
  void shouldAnswerEveryImageOfManyLanes() throws InterruptedException {
    List<Lane<Integer>> lanes = List.of(batcher.openLane(), batcher.openLane(), batcher.openLane());
    classifier.held = -1;
    for (int i = 0; i < 200; i++) {
      for (Lane<Integer> lane : lanes) {
        submit(lane, i);
      }
    }
    for (Lane<Integer> lane : lanes) {
      for (int next = 0; next < 200; ) {
        for (int image : classes(take(lane))) {
          assertThat(image).isEqualTo(next++);
        }
      }
    }
  }
}
