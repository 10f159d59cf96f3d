package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of images that nobody waits for any more. */
@Timeout(30)
class ClosedLanesTest extends BatcherFixture {

  @Test
  void shouldNeitherDecodeNorRunNorCountImagesOfAClosedLane() throws Exception {
    classifier.takesAllCores = true; // nothing is decoded while a run is held
    classifier.permits.drainPermits();
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lost = batcher.openLane();
    Lane<Integer> kept = batcher.openLane();
    submit(lost, 1, 2);
    await().until(classifier.permits::hasQueuedThreads);
    submit(lost, IntStream.rangeClosed(10, 29).toArray()); // with buffers, and without
    submit(lost, 30);
    submit(kept, 3);

    lost.close();
    submit(kept, 4, 5);
    classifier.permits.release(100);

    assertThat(classes(take(kept))).containsExactly(3);
    assertThat(classes(take(kept))).containsExactly(4, 5);
    assertThat(classifier.pixelsSeen)
        .extracting(Object::toString)
        .containsExactly("[1, 2]", "[3]", "[4, 5]");
    assertThat(decoded).as("decoded").hasValue(5);
    assertThat(samples.get(1).batchImages()).isEqualTo(1);
    assertThat(samples.get(1).waitingImages()).as("images behind").isEqualTo(2);
  }

  @Test
  void shouldNotRunAnImageThatWasBeingDecodedWhenItsLaneWasClosed() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    beforeDecoding =
        encoded -> {
          while (encoded[0] == 1 && release.getCount() > 0) {
            LockSupport.parkNanos(1_000_000);
          }
        };
    open(3, 1_000, NEVER_LINGERS);
    Lane<Integer> lost = batcher.openLane();
    Lane<Integer> kept = batcher.openLane();
    submit(lost, 1);
    await().until(() -> decoded.get() == 1);
    lost.close();
    submit(kept, 2, 3);
    release.countDown();

    assertThat(classes(take(kept))).containsExactly(2, 3);
    assertThat(classifier.pixelsSeen.get(0)).containsExactly(2, 3);
  }

  @Test
  void shouldNotLetTheFailureOfAClosedLanesImageFailOthers() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    beforeDecoding =
        encoded -> {
          while ((encoded[0] & 0xff) == NO_NATIVES && release.getCount() > 0) {
            LockSupport.parkNanos(1_000_000);
          }
        };
    open(2, 1_000, NEVER_LINGERS);
    Lane<Integer> lost = batcher.openLane();
    Lane<Integer> kept = batcher.openLane();
    submit(lost, NO_NATIVES);
    await().until(() -> decoded.get() == 1);
    lost.close();
    submit(kept, 2);
    release.countDown();

    assertThat(classes(take(kept))).containsExactly(2);
  }
}
