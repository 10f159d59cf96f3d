package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.BadImageException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DecodeMemoryTest {

  private final DecodeMemory memory = new DecodeMemory(() -> 100);

  @Test
  void shouldLetAnImageWaitUntilThereIsRoom() throws Exception {
    memory.acquire(60);
    memory.acquire(40);
    Thread next = taking(1, new CompletableFuture<>());

    memory.release(40);

    next.join();
  }

  @Test
  void shouldNotLetASmallImagePassALargeOneThatWaits() throws Exception {
    CompletableFuture<Void> large = new CompletableFuture<>();
    CompletableFuture<Void> small = new CompletableFuture<>();
    memory.acquire(60);
    Thread first = taking(80, large);
    Thread second = taking(30, small);
    memory.release(60);
    first.join();
    assertThat(large).isDone();
    await().until(() -> second.getState() == Thread.State.WAITING);
    assertThat(small).isNotDone();

    memory.release(80);

    second.join();
  }

  @Test
  void shouldRefuseWhatTakesMoreThanThereEverIs() {
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(() -> memory.acquire(101))
        .withMessage(
            "decoding the image takes up to 101 bytes of memory, limit is 100 (decode.max.bytes)");
  }

  @Test
  void shouldLetOneImageAtATimeInBesideWhatHangingDecodesHold() throws Exception {
    memory.acquire(60);
    memory.lose(60);
    memory.acquire(41);
    CompletableFuture<Void> small = new CompletableFuture<>();
    Thread second = taking(30, small);
    await().until(() -> second.getState() == Thread.State.WAITING);
    assertThat(small).isNotDone();
    assertThat(memory.bytes()).isEqualTo(101);

    memory.release(41);

    second.join();
    memory.release(30);
    memory.regain(60);
    assertThat(memory.bytes()).isZero();
    memory.acquire(100);
  }

  @Test
  void shouldLetOthersInWhenOneThatWaitsIsInterrupted() throws Exception {
    memory.acquire(60);
    CompletableFuture<Void> large = new CompletableFuture<>();
    Thread first = taking(80, large);
    Thread second = taking(30, new CompletableFuture<>());

    first.interrupt();

    second.join();
    first.join();
    assertThat(large).isCompletedExceptionally();
  }

  /** Starts a thread that takes memory, and waits until it waits. */
  private Thread taking(long bytes, CompletableFuture<Void> taken) {
    Thread thread =
        new Thread(
            () -> {
              try {
                memory.acquire(bytes);
                taken.complete(null);
              } catch (Exception e) {
                taken.completeExceptionally(e);
              }
            });
    thread.start();
    await().until(() -> thread.getState() == Thread.State.WAITING);
    return thread;
  }
}
