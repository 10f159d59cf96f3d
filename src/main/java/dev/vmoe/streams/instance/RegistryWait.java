package dev.vmoe.streams.instance;

import dev.vmoe.event.RegistryUnavailableException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits until the schema registry answers. */
final class RegistryWait {

  private static final Duration WARN_EVERY = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(RegistryWait.class);

  private final String who;
  private final Duration pause;
  private final Consumer<@Nullable String> waiting;

  /**
   * Creates a wait.
   *
   * @param who waits, for the log
   * @param pause time between two attempts
   * @param waiting told what is waited for after each attempt; null once there is an answer
   */
  RegistryWait(String who, Duration pause, Consumer<@Nullable String> waiting) {
    this.who = who;
    this.pause = pause;
    this.waiting = waiting;
  }

  /**
   * Asks until there is an answer.
   *
   * @throws RegistryUnavailableException if the thread is interrupted
   */
  void until(Runnable question) {
    long startNanos = System.nanoTime();
    long warnedNanos = 0;
    for (boolean first = true; ; first = false) {
      try {
        question.run();
        if (!first) {
          waiting.accept(null);
          log.info(
              "{} waited {} ms for the schema registry and goes on",
              who,
              (System.nanoTime() - startNanos) / 1_000_000);
        }
        return;
      } catch (RegistryUnavailableException e) {
        waiting.accept("the schema registry, as long as it takes: " + e.getMessage());
        if (first || System.nanoTime() - warnedNanos >= WARN_EVERY.toNanos()) {
          warnedNanos = System.nanoTime();
          log.warn(
              "{} waits for the schema registry as long as it takes (vmoe doctor checks it): {}",
              who,
              e.getMessage());
        }
        rest(e);
      }
    }
  }

  private void rest(RegistryUnavailableException reason) {
    try {
      Thread.sleep(pause.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw reason;
    }
  }
}
