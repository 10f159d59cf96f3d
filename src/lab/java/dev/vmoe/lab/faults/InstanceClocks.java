package dev.vmoe.lab.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Wall clocks of instances that can be stepped while they run, by libfaketime. It is loaded into
 * their processes and reads the step from a file once a second. The monotonic clock, and waits,
 * stay as they are.
 */
final class InstanceClocks {

  private static final String LIBRARY = "faketime/libfaketime.so.1";

  private final Path library;
  private final Path folder;

  private InstanceClocks(Path library, Path folder) {
    this.library = library;
    this.folder = folder;
  }

  /**
   * Makes clocks that are right.
   *
   * @param folder for their files
   * @throws IllegalStateException if there is no libfaketime
   */
  static InstanceClocks in(Path folder) {
    return in(folder, places());
  }

  /** Makes clocks by the library below one of these folders. */
  static InstanceClocks in(Path folder, List<Path> places) {
    return new InstanceClocks(
        places.stream()
            .map(place -> place.resolve(LIBRARY))
            .filter(Files::exists)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "the fault clock needs libfaketime on Linux (package libfaketime); or leave"
                            + " it out of --faults")),
        folder);
  }

  /** Returns where distributions have libraries of this architecture. */
  private static List<Path> places() {
    String arch = System.getProperty("os.arch");
    List<Path> places =
        new ArrayList<>(
            List.of(Path.of("/usr/lib64"), Path.of("/usr/lib"), Path.of("/usr/local/lib")));
    try (DirectoryStream<Path> folders =
        Files.newDirectoryStream(
            Path.of("/usr/lib"), (arch.equals("amd64") ? "x86_64" : arch) + "-linux-*")) {
      folders.forEach(places::add);
    } catch (IOException e) {
      // no such system
    }
    return places;
  }

  /** Returns what to put before a command, so that its process has the clock of this instance. */
  List<String> prefix(int number) {
    if (!Files.exists(file(number))) {
      set(number, Duration.ZERO);
    }
    return List.of(
        "env",
        "LD_PRELOAD=" + library,
        "FAKETIME_TIMESTAMP_FILE=" + file(number),
        "FAKETIME_CACHE_DURATION=1",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
        "FAKETIME_FORCE_MONOTONIC_FIX=0", // with 1, timed waits of a JVM do not wait
        "FAKETIME_DISABLE_SHM=1",
        "NO_FAKE_STAT=1");
  }

  /** Lets a clock differ by this from the right time, within a second. */
  void set(int number, Duration difference) {
    try {
      Path next = folder.resolve("clock-" + number + ".next");
      Files.writeString(next, "%+d\n".formatted(difference.toSeconds()));
      Files.move(next, file(number), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot step the clock of instance " + number, e);
    }
  }

  private Path file(int number) {
    return folder.resolve("clock-" + number);
  }
}
