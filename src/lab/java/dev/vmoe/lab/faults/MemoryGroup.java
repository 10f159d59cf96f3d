package dev.vmoe.lab.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A control group of Linux: the processes in it may take so much memory together, and the kernel
 * kills one that takes more. A JVM in it sees the limit as the memory of its machine.
 *
 * <p>It needs root. Under version 1 it lies within the group of this process, so that whatever
 * bounds that one still counts; under version 2 it lies beside, because a group with processes may
 * have no groups with limits.
 */
final class MemoryGroup implements AutoCloseable {

  private static final Path ROOT = Path.of("/sys/fs/cgroup");
  private static final int ATTEMPTS = 50;

  private final Path folder;
  private final String peak;

  private MemoryGroup(Path folder, String peak) {
    this.folder = folder;
    this.peak = peak;
  }

  /**
   * Creates a group without processes.
   *
   * @throws IllegalStateException if this system or user cannot have one
   */
  static MemoryGroup of(int mebibytes) {
    String limit = Long.toString((long) mebibytes << 20);
    String name = "vmoe-faults-" + ProcessHandle.current().pid();
    try {
      if (Files.exists(ROOT.resolve("cgroup.controllers"))) {
        Path folder = Files.createDirectory(ROOT.resolve(name));
        Files.writeString(folder.resolve("memory.max"), limit);
        Files.writeString(folder.resolve("memory.swap.max"), "0");
        return new MemoryGroup(folder, "memory.peak");
      }
      String own =
          Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
              .filter(line -> line.contains(":memory:"))
              .findFirst()
              .orElseThrow(() -> new IOException("this process has no group for memory"))
              .replaceFirst(".*:memory:/?", "");
      Path folder = Files.createDirectory(ROOT.resolve("memory").resolve(own).resolve(name));
      Files.writeString(folder.resolve("memory.limit_in_bytes"), limit);
      return new MemoryGroup(folder, "memory.max_usage_in_bytes");
    } catch (IOException e) {
      throw new IllegalStateException(
          "a limit on memory needs root and control groups of Linux; or leave out"
              + " --instance-memory: "
              + e,
          e);
    }
  }

  /** Returns what to put before a command, so that its process starts in the group. */
  List<String> prefix() {
    return List.of(
        "sh", "-c", "echo $$ > '" + folder.resolve("cgroup.procs") + "' && exec \"$0\" \"$@\"");
  }

  /** Returns the most that its processes had at any time, with the files that they have read. */
  double peakMebibytes() throws IOException {
    return Long.parseLong(Files.readString(folder.resolve(peak)).strip()) / (double) (1 << 20);
  }

  /** Removes the group, once its processes have ended. */
  @Override
  public void close() throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        Files.delete(folder);
        return;
      } catch (IOException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
      }
      try {
        TimeUnit.MILLISECONDS.sleep(100); // a process that was killed leaves it a little later
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
