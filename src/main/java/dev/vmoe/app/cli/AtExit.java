package dev.vmoe.app.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Ends a command's work in order when the process is told to stop. */
final class AtExit implements AutoCloseable {

  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean asked;

  /**
   * Begins to watch for the end of the process, until it is closed.
   *
   * @param stop asks the command to stop
   * @param longest time that the process waits for it
   */
  AtExit(Runnable stop, Duration longest) {
    hook = new Thread(() -> stop(stop, longest), "vmoe-command-exit");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void stop(Runnable stop, Duration longest) {
    asked = true;
    stop.run();
    try {
      boolean unused = done.await(longest.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns whether the process was told to stop. */
  boolean asked() {
    return asked;
  }

  @Override
  public void close() {
    done.countDown();
    if (!asked) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process is ending: the hook runs and finds nothing to wait for.
      }
    }
  }
}
