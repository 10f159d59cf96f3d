package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.inference.InferenceException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bounds on memory and time of the work. */
@Timeout(60)
class MicroBatcherBoundsTest extends BatcherFixture {

  private static final int HANGS = 200;
  private static final int LARGE = 100;
  private static final Duration NEVER = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(300);

  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger decoding = new AtomicInteger();

  @AfterEach
  void release() {
    release.countDown();
    classifier.release.countDown();
  }

  @Test
  void shouldDecodeNoMoreAtOnceThanThereIsMemoryFor() throws Exception {
    bounds = new WorkBounds(4, () -> 100, NEVER, NEVER);
    decodeBytes = encoded -> 40;
    beforeDecoding = encoded -> holdAll();
    open(6, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, 2, 3, 4, 5, 6);

    await().until(() -> decoding.get() == 2);
    await().during(Duration.ofMillis(100)).until(() -> decoding.get() == 2);
    release.countDown();

    assertThat(classes(take(lane))).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(decoding).hasValue(6);
  }

  @Test
  void shouldRejectAnImageThatTakesMoreMemoryThanThereIs() throws Exception {
    bounds = new WorkBounds(2, () -> 100, NEVER, NEVER);
    decodeBytes = encoded -> encoded[0] == LARGE ? 101 : 100;
    open(3, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 1, LARGE, 2);

    Share<Integer> share = take(lane);

    assertThat(classes(share)).containsExactly(1, 2);
    assertThat(share.answers().get(1))
        .isEqualTo(
            new Answer.Rejected<>(
                LARGE,
                "decoding the image takes up to 101 bytes of memory, limit is 100"
                    + " (decode.max.bytes)",
                Answer.Cause.IMAGE));
    assertThat(decoded).hasValue(2);
  }

  @Test
  void shouldGiveUpADecodeThatHangsAndDecodeTheOthersOnAnotherThread() throws Exception {
    decodeBytes = encoded -> 7;
    bounds = new WorkBounds(1, () -> Long.MAX_VALUE, SHORT, NEVER);
    beforeDecoding = this::hangOnSome;
    open(3, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, HANGS, 1, 2, 3, 4, 5);

    Share<Integer> share = take(lane);

    assertThat(share.answers().get(0))
        .isEqualTo(
            new Answer.Rejected<>(
                HANGS,
                "timeout: not decoded within 300 ms (decode.timeout.ms)",
                Answer.Cause.TIMEOUT));
    assertThat(classes(share)).containsExactly(1, 2);
    assertThat(classes(take(lane))).containsExactly(3, 4, 5);
    assertThat(batcher.decodeLoad()).isEqualTo(new DecodeLoad(7, 1)); // what hangs holds its memory
    assertThat(batcher.broken().toCompletableFuture()).isNotDone();
  }

  @Test
  void shouldNotLetADecodeThatReturnsLateWriteOverAnotherImage() throws Exception {
    bounds = new WorkBounds(1, () -> Long.MAX_VALUE, SHORT, NEVER);
    beforeDecoding = this::hangOnSome;
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, HANGS, 3);
    assertThat(classes(take(lane))).containsExactly(3);
    submit(lane, 1, 2, 4, 5); // the other two buffers, so that the first one is the next again
    assertThat(classes(take(lane))).containsExactly(1, 2);
    assertThat(classes(take(lane))).containsExactly(4, 5);
    submit(lane, 6);
    await().until(() -> decoded.get() == 7 && decodeThreads() == 2);

    release.countDown(); // its image was to be in the same place of the same buffer
    await().until(() -> decodeThreads() == 1);
    submit(lane, 7);

    assertThat(classes(take(lane))).containsExactly(6, 7);
  }

  private static long decodeThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("vmoe-decode"))
        .count();
  }

  @Test
  void shouldBreakDownOnceAFewDecodesHang() throws Exception {
    bounds = new WorkBounds(2, () -> Long.MAX_VALUE, SHORT, NEVER);
    beforeDecoding = this::hangOnSome;
    open(1, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    for (int i = 1; i < DecodePool.MAX_HUNG; i++) {
      submit(lane, HANGS);
      assertThat(take(lane).answers().get(0)).isInstanceOf(Answer.Rejected.class);
    }
    submit(lane, 1);
    assertThat(classes(take(lane))).containsExactly(1);
    assertThat(batcher.broken().toCompletableFuture()).isNotDone();

    submit(lane, HANGS);

    assertThat(take(lane).answers().get(0)).isInstanceOf(Answer.Rejected.class); // gets out first
    assertThat(reason()).startsWith("3 decode threads hang, each on an image that was not decoded");
    assertThatThrownBy(() -> submit(lane, 1))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("no batch can be run any more: 3 decode threads hang");
  }

  @Test
  void shouldBreakDownWhenARunDoesNotReturn() throws Exception {
    bounds = new WorkBounds(1, () -> Long.MAX_VALUE, NEVER, SHORT);
    classifier.held = 7;
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lane = batcher.openLane();
    submit(lane, 7, 8);

    assertThat(lane.await(FOREVER)).isTrue();
    assertThatThrownBy(lane::poll)
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("the model has not returned from a batch of 2 images within");
    assertThat(reason()).contains("inference.timeout.ms = 300");
  }

  private String reason() {
    CompletableFuture<InferenceException> broken = batcher.broken().toCompletableFuture();
    return broken.join().getMessage();
  }

  private void holdAll() {
    decoding.incrementAndGet();
    hang();
  }

  private void hangOnSome(byte[] encoded) {
    if ((encoded[0] & 0xff) == HANGS) {
      hang();
    }
  }

  /** As native code, it cannot be interrupted. */
  private void hang() {
    while (release.getCount() > 0) {
      LockSupport.parkNanos(1_000_000);
    }
  }
}
