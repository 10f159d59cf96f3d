package dev.vmoe.lab.overload;

import dev.vmoe.lab.overload.ArrivalTrace.Slowdown;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A process that takes about half of the machine for a while, as other software on it does: three
 * busy threads for two cores, since a pipeline has more threads than cores, too. It ends by itself,
 * even if the benchmark does not.
 */
public final class BusyProcess implements AutoCloseable {

  private final Process process;

  private BusyProcess(Process process) {
    this.process = process;
  }

  /** Starts a process that will be busy in this stretch of time, counted from now. */
  public static BusyProcess during(Slowdown slowdown) throws IOException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Process process =
        new ProcessBuilder(
                java.toString(),
                "-cp",
                System.getProperty("java.class.path"),
                BusyProcess.class.getName(),
                String.format(Locale.ROOT, "%.3f", slowdown.fromSeconds()),
                String.format(Locale.ROOT, "%.3f", slowdown.seconds()))
            .inheritIO()
            .start();
    return new BusyProcess(process);
  }

  /** Returns whether it has not ended yet. */
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /**
   * Waits, keeps its threads busy, and ends.
   *
   * @param args seconds to wait from the start of the process on; seconds to be busy
   */
  public static void main(String[] args) throws InterruptedException {
    long started =
        ProcessHandle.current()
            .info()
            .startInstant()
            .map(start -> System.currentTimeMillis() - start.toEpochMilli())
            .orElse(0L);
    long waitMillis = Math.round(1e3 * Double.parseDouble(args[0])) - started;
    Thread.sleep(Math.max(0, waitMillis));
    long until = System.nanoTime() + Math.round(1e9 * Double.parseDouble(args[1]));
    List<Thread> threads = new ArrayList<>();
    int cores = Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < cores + (cores + 1) / 2; i++) {
      Thread thread = new Thread(() -> spin(until), "busy-" + i);
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private static void spin(long untilNanos) {
    while (System.nanoTime() - untilNanos < 0) {
      // busy
    }
  }
}
