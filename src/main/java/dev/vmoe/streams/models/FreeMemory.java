package dev.vmoe.streams.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The free memory for models that are about to be loaded: of the machine, or of the container
 * (control groups, version 2) if less.
 *
 * @param memInfo {@code /proc/meminfo}
 * @param group folder of the control group
 */
public record FreeMemory(Path memInfo, Path group) {

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
   * Checks that models fit into the free memory. They are loaded one after the other; while a file
   * is loaded, its weights are in memory twice.
   *
   * @param names of the models, for the message
   * @param fileBytes bytes of each one's files
   * @throws IllegalArgumentException if they do not; the message has the numbers
   */
  public void require(String names, List<Long> fileBytes) {
    OptionalLong free = bytes();
    long files = fileBytes.stream().mapToLong(Long::longValue).sum();
    long needed = files + Collections.max(fileBytes);
    if (free.isPresent() && free.getAsLong() < needed) {
      throw new IllegalArgumentException(
          ("%s: not enough memory beside what is served: the files have %d bytes, loading needs %d"
                  + " bytes, and %d bytes are free")
              .formatted(names, files, needed, free.getAsLong()));
    }
  }
}
