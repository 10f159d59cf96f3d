package dev.vmoe.streams.instance;

import dev.vmoe.streams.settings.DaemonThread;
import dev.vmoe.streams.settings.Termination;
import java.time.Duration;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes an application within a time limit, even if it hangs: when it ends, or when the process is
 * told to stop, whichever comes first.
 *
 * <p>If closing takes too long, the process ends without it. Nothing else is closed then, because
 * it may still be in use; above all the model.
 */
public final class BoundedStop {

  private static final Logger log = LoggerFactory.getLogger(BoundedStop.class);

  private final Duration limit;
  private final Thread closing;
  private final Runnable leave;
  private @Nullable Termination termination;
  private boolean begun;

  /**
   * Creates a stop; nothing is closed yet.
   *
   * @param close closes the application
   * @param limit longest time for it
   * @param leave ends the process without waiting for anything
   */
  BoundedStop(Runnable close, Duration limit, Runnable leave) {
    this.limit = limit;
    this.leave = leave;
    closing = DaemonThread.of(close, "vmoe-close");
  }

  /**
   * Returns a stop that also closes when the process is told to stop.
   *
   * @param exitCode of the process if it is left behind
   */
  public static BoundedStop atExit(Runnable close, Duration limit, IntSupplier exitCode) {
    BoundedStop stop =
        new BoundedStop(close, limit, () -> Runtime.getRuntime().halt(exitCode.getAsInt()));
    stop.termination = Termination.first(stop::onSignal);
    return stop;
  }

  private void onSignal() {
    log.info("told to stop; ends within {} ms", limit.toMillis());
    await();
    log.info("stopped");
  }

  private synchronized void begin() {
    if (!begun) {
      begun = true;
      closing.start();
    }
  }

  private void await() {
    begin();
    try {
      closing.join(limit.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (closing.isAlive()) {
      log.error(
          "not ended within stop.timeout.ms = {}, left behind at {}; nothing is lost, what was not"
              + " answered is read again by other instances",
          limit.toMillis(),
          where());
      leave.run();
    }
  }

  /** Returns the first of this application's own methods on the closing thread's stack. */
  private String where() {
    for (StackTraceElement element : closing.getStackTrace()) {
      if (element.getClassName().startsWith("dev.vmoe.")) {
        return "%s.%s:%d"
            .formatted(element.getClassName(), element.getMethodName(), element.getLineNumber());
      }
    }
    return "an unknown place";
  }

  /** Closes; ends the process if that takes too long. */
  public void end() {
    await();
    if (termination != null) {
      termination.close();
    }
  }
}
