package dev.vmoe.modelstore;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The free memory for a second model: of the machine, or of the container (control groups, version
 * 2) if less.
 *
 * @param memInfo {@code /proc/meminfo}
 * @param group folder of the control group
 */
public record FreeMemory(Path memInfo, Path group) {

  /** While a file is loaded, its weights are in memory twice. */
  private static final int COPIES = 2;

  private static final Pattern AVAILABLE =
      Pattern.compile("^MemAvailable:\\s+(\\d+) kB$", Pattern.MULTILINE);
  private static final Pattern CACHE = Pattern.compile("^inactive_file (\\d+)$", Pattern.MULTILINE);

  /** Returns the memory of this machine. */
  public static FreeMemory ofThisMachine() {
    return new FreeMemory(Path.of("/proc/meminfo"), Path.of("/sys/fs/cgroup"));
  }

  /** Returns the free bytes; empty if they are not known. */
  OptionalLong bytes() {
    OptionalLong machine = number(memInfo, AVAILABLE);
    OptionalLong free = machine.isEmpty() ? machine : OptionalLong.of(1024 * machine.getAsLong());
    OptionalLong max =
        number(group.resolve("memory.max"), Pattern.compile("^(\\d+)$", Pattern.MULTILINE));
    OptionalLong used =
        number(group.resolve("memory.current"), Pattern.compile("^(\\d+)$", Pattern.MULTILINE));
    if (max.isEmpty() || used.isEmpty()) {
      return free;
    }
    long cache = number(group.resolve("memory.stat"), CACHE).orElse(0);
    long left = Math.max(0, max.getAsLong() - used.getAsLong() + cache);
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
   * Checks that a model fits into the free memory.
   *
   * @param fileBytes bytes of its files
   * @throws IllegalArgumentException if it does not; the message has the numbers
   */
  public void require(String name, long fileBytes) {
    OptionalLong free = bytes();
    long needed = COPIES * fileBytes;
    if (free.isPresent() && free.getAsLong() < needed) {
      throw new IllegalArgumentException(
          ("model %s does not fit into memory beside the one that is served: its files have %d"
                  + " bytes, loading needs twice that, and %d bytes are free")
              .formatted(name, fileBytes, free.getAsLong()));
    }
  }
}
