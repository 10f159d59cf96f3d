package dev.vmoe.lab.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/** A JVM that can be killed, frozen and looked at from outside. */
final class ChildJvm {

  private final Process process;
  private final Path log;

  ChildJvm(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Kills it as {@code kill -9} does, and waits for its end. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** Sends SIGTERM and waits; returns whether it has ended. */
  boolean stop(Duration limit) throws InterruptedException {
    process.destroy();
    return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Stops the process where it is, until {@link #resume()}. */
  void freeze() throws InterruptedException {
    signal("STOP");
  }

  /** Lets a frozen process go on. */
  void resume() throws InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws InterruptedException {
    try {
      int code =
          new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
              .inheritIO()
              .start()
              .waitFor();
      if (code != 0 && process.isAlive()) {
        throw new IllegalStateException("kill -" + name + " ended with code " + code);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the command kill cannot be run", e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Returns the exit code; empty while it runs. */
  OptionalInt exitCode() {
    return process.isAlive() ? OptionalInt.empty() : OptionalInt.of(process.exitValue());
  }

  /** Returns the lines that it has written with this text. */
  long said(String text) {
    try {
      // as ISO 8859-1, in which half of a character is one, too
      return Files.readString(log, StandardCharsets.ISO_8859_1)
          .lines()
          .filter(line -> line.contains(text))
          .count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the file that it writes to. */
  Path log() {
    return log;
  }

  /** Returns its resident memory in mebibytes; empty where the system does not tell. */
  OptionalDouble residentMebibytes() {
    try {
      return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
          .findFirst();
    } catch (IOException e) {
      return OptionalDouble.empty();
    }
  }
}
