package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.BufferedReader;
import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clock of a JVM is stepped back and forth; its waits take as long as ever. */
@Timeout(60)
class InstanceClocksTest {

  private static final int TELLER_WAIT_MS = 100;

  @TempDir Path folder;

  @Test
  void shouldStepTheWallClockOfAProcessAlone() throws Exception {
    InstanceClocks clocks = clocks();
    List<String> command = new ArrayList<>(clocks.prefix(1));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx32m",
            "-cp",
            classPath(),
            Teller.class.getName()));
    Process teller = new ProcessBuilder(command).redirectError(Redirect.DISCARD).start();
    try (BufferedReader lines = teller.inputReader()) {
      awaitDifference(lines, 0);

      clocks.set(2, Duration.ofSeconds(-99)); // of another one
      clocks.set(1, Duration.ofSeconds(-30));
      awaitDifference(lines, -30);
      clocks.set(1, Duration.ofSeconds(45));
      awaitDifference(lines, 45);
      clocks.set(1, Duration.ZERO);
      awaitDifference(lines, 0);
    } finally {
      teller.destroyForcibly().waitFor();
    }
  }

  @Test
  void shouldSayWhatIsMissing() {
    assertThatIllegalStateException()
        .isThrownBy(() -> InstanceClocks.in(folder, List.of(folder)))
        .withMessageContaining("package libfaketime");
  }

  private InstanceClocks clocks() {
    try {
      return InstanceClocks.in(folder);
    } catch (IllegalStateException e) {
      return abort(e.getMessage());
    }
  }

  private static String classPath() {
    return System.getProperty("java.class.path")
        + File.pathSeparator
        + Path.of("target", "test-classes").toAbsolutePath();
  }

  private static void awaitDifference(BufferedReader lines, long seconds) throws Exception {
    for (int i = 0; i < 100; i++) {
      if (differenceSeconds(lines) == seconds) {
        return;
      }
    }
    throw new AssertionError("the clock does not differ by " + seconds + " s");
  }

  /** Returns how far the next line's clock is from this one's, and checks that its wait was one. */
  private static long differenceSeconds(BufferedReader lines) throws Exception {
    String[] wallAndWait = lines.readLine().split(" ");
    assertThat(Long.parseLong(wallAndWait[1])).isGreaterThan(TELLER_WAIT_MS / 2);
    return Math.round((Long.parseLong(wallAndWait[0]) - System.currentTimeMillis()) / 1e3);
  }

  /** Says again and again what its clock shows, and how long its last wait was, in milliseconds. */
  static final class Teller {
    private Teller() {}

    /** Talks until it is ended. */
    @SuppressWarnings("WaitNotInLoop") // how long it waits is what is looked at
    public static void main(String[] args) throws InterruptedException {
      Object lock = new Object();
      while (!System.out.checkError()) {
        long beganNanos = System.nanoTime();
        synchronized (lock) {
          lock.wait(TELLER_WAIT_MS);
        }
        long waitedMs = Duration.ofNanos(System.nanoTime() - beganNanos).toMillis();
        System.out.println(System.currentTimeMillis() + " " + waitedMs);
      }
    }
  }
}
