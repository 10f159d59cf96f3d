package dev.vmoe.core.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.BadImageException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DecodeRoomTest {

  private final DecodeRoom room = new DecodeRoom(() -> 100);

  @Test
  void shouldLetAnImageWaitUntilThereIsRoom() throws Exception {
    room.take(60);
    room.take(40);
    Thread next = taking(1, new CompletableFuture<>());

    room.giveBack(40);

    next.join();
  }

  @Test
  void shouldNotLetASmallImagePassALargeOneThatWaits() throws Exception {
    CompletableFuture<Void> large = new CompletableFuture<>();
    CompletableFuture<Void> small = new CompletableFuture<>();
    room.take(60);
    Thread first = taking(80, large);
    Thread second = taking(30, small);
    room.giveBack(60);
    first.join();
    assertThat(large).isDone();
    await().until(() -> second.getState() == Thread.State.WAITING);
    assertThat(small).isNotDone();

    room.giveBack(80);

    second.join();
  }

  @Test
  void shouldRefuseWhatTakesMoreThanThereEverIs() {
    assertThatExceptionOfType(BadImageException.class)
        .isThrownBy(() -> room.take(101))
        .withMessage(
            "decoding the image takes up to 101 bytes of memory, limit is 100 (decode.max.bytes)");
  }

  @Test
  void shouldLetOneImageAtATimeInBesideWhatHangingDecodesHold() throws Exception {
    room.take(60);
    room.lose(60);
    room.take(41);
    CompletableFuture<Void> small = new CompletableFuture<>();
    Thread second = taking(30, small);
    await().until(() -> second.getState() == Thread.State.WAITING);
    assertThat(small).isNotDone();
    assertThat(room.bytes()).isEqualTo(101);

    room.giveBack(41);

    second.join();
    room.giveBack(30);
    room.regain(60);
    assertThat(room.bytes()).isZero();
    room.take(100);
  }

  @Test
  void shouldLetOthersInWhenOneThatWaitsIsInterrupted() throws Exception {
    room.take(60);
    CompletableFuture<Void> large = new CompletableFuture<>();
    Thread first = taking(80, large);
    Thread second = taking(30, new CompletableFuture<>());

    first.interrupt();

    second.join();
    first.join();
    assertThat(large).isCompletedExceptionally();
  }

  /** Starts a thread that takes room, and waits until it waits. */
  private Thread taking(long bytes, CompletableFuture<Void> taken) {
    Thread thread =
        new Thread(
            () -> {
              try {
                room.take(bytes);
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
