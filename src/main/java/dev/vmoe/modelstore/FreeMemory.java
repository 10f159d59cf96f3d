package dev.vmoe.modelstore;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory that is free for a second model: that of the machine, or what its container (control
 * groups, version 2) leaves of it.
 *
 * @param memInfo {@code /proc/meminfo}
 * @param group the control group's folder
 */
public record FreeMemory(Path memInfo, Path group) {

  /** Weights are there twice while a file becomes a session. */
  private static final int COPIES = 2;

  private static final Pattern AVAILABLE =
      Pattern.compile("^MemAvailable:\\s+(\\d+) kB$", Pattern.MULTILINE);
  private static final Pattern CACHE = Pattern.compile("^inactive_file (\\d+)$", Pattern.MULTILINE);

  /** Returns the memory of this machine. */
  public static FreeMemory ofThisMachine() {
    return new FreeMemory(Path.of("/proc/meminfo"), Path.of("/sys/fs/cgroup"));
  }

  /** Returns the bytes that are free; empty where nobody can tell. */
  OptionalLong bytes() {
    OptionalLong machine = number(memInfo, AVAILABLE);
    OptionalLong free = machine.isEmpty() ? machine : OptionalLong.of(1024 * machine.getAsLong());
    OptionalLong most =
        number(group.resolve("memory.max"), Pattern.compile("^(\\d+)$", Pattern.MULTILINE));
    OptionalLong used =
        number(group.resolve("memory.current"), Pattern.compile("^(\\d+)$", Pattern.MULTILINE));
    if (most.isEmpty() || used.isEmpty()) {
      return free;
    }
    long cache = number(group.resolve("memory.stat"), CACHE).orElse(0);
    long left = Math.max(0, most.getAsLong() - used.getAsLong() + cache);
    return OptionalLong.of(Math.min(left, free.orElse(left)));
  }

  private static OptionalLong number(Path file, Pattern pattern) {
    try {
      Matcher found = pattern.matcher(Files.readString(file));
      return found.find() ? OptionalLong.of(Long.parseLong(found.group(1))) : OptionalLong.empty();
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /**
   * Checks that a model fits beside what is there.
   *
   * @param fileBytes bytes of its files
   * @throws IllegalArgumentException if it does not; its message has the numbers
   */
  public void require(String name, long fileBytes) {
    OptionalLong free = bytes();
    long needed = COPIES * fileBytes;
    if (free.isPresent() && free.getAsLong() < needed) {
      throw new IllegalArgumentException(
          ("model %s does not fit beside the one that is served: its files have %d bytes, twice that"
                  + " is needed while it is loaded, and %d bytes of memory are free")
              .formatted(name, fileBytes, free.getAsLong()));
    }
  }
}
