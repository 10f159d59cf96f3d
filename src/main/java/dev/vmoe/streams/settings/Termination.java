package dev.vmoe.streams.settings;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work for the moment when the process is told to stop (SIGTERM, Ctrl-C, SIGHUP), which is done
 * before the JVM begins to end.
 *
 * <p>The JVM runs all shutdown hooks at once. ONNX Runtime has one that frees what models need
 * while they are loaded and run; beside another hook that waits for them, the process could crash.
 */
@SuppressWarnings("sunapi") // the only way to be told before the hooks are run
public final class Termination implements AutoCloseable {

  private static final List<String> SIGNALS = List.of("TERM", "INT", "HUP");

  /** What shells add to the number of the signal that ended a process. */
  private static final int BY_SIGNAL = 128;

  private static final Logger log = LoggerFactory.getLogger(Termination.class);

  private static volatile boolean signalled;

  private final Map<sun.misc.Signal, sun.misc.SignalHandler> before = new LinkedHashMap<>();

  private Termination() {}

  /**
   * Has this done first. Afterwards the process ends with 128 and the signal's number.
   *
   * @param work done by each signal that comes; with {@code -Xrs}, which leaves signals to others,
   *     by none
   * @return takes the work back when it is closed
   */
  public static Termination first(Runnable work) {
    Termination termination = new Termination();
    for (String name : SIGNALS) {
      sun.misc.Signal signal = new sun.misc.Signal(name);
      try {
        termination.before.put(
            signal,
            sun.misc.Signal.handle(
                signal,
                it -> {
                  signalled = true;
                  work.run();
                  System.exit(BY_SIGNAL + it.getNumber());
                }));
      } catch (IllegalArgumentException e) {
        log.debug("signal {} is left to others", name, e);
      }
    }
    return termination;
  }

  /** Ends the process with this code, or with that of the signal that has told it to stop. */
  public static void exit(int code) {
    if (signalled) {
      try {
        new CountDownLatch(1).await(); // the thread that was told ends the process
      } catch (InterruptedException e) {
        log.debug("interrupted while the process ends", e);
      }
    }
    System.exit(code);
  }

  @Override
  public void close() {
    before.forEach(sun.misc.Signal::handle);
  }
}
