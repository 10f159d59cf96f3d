package dev.vmoe.lab.sweep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a sweep has measured so far, in {@code runs.csv}: a line is appended when its run is done,
 * so that a sweep which was cut off goes on where it stopped. {@code sweep.json} beside it says
 * what is measured; runs of another model or other options do not mix with it.
 */
public final class SweepLog implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<SweepRun> runs;
  private final Writer writer;

  private SweepLog(List<SweepRun> runs, Writer writer) {
    this.runs = runs;
    this.writer = writer;
  }

  /**
   * Opens the log of a folder, or starts it.
   *
   * @param identity everything that decides what the runs measure, by name
   * @param restart whether to forget what is there
   * @throws IllegalArgumentException if the folder holds runs of something else; names what differs
   * @throws IOException if it cannot be read or written
   */
  public static SweepLog open(Path folder, Map<String, String> identity, boolean restart)
      throws IOException {
    Files.createDirectories(folder);
    Path described = folder.resolve("sweep.json");
    Path file = folder.resolve("runs.csv");
    if (restart) {
      Files.deleteIfExists(file);
    }
    List<SweepRun> runs = List.of();
    if (Files.exists(file)) {
      requireSame(folder, described, identity);
      runs = read(file);
    }
    if (runs.isEmpty()) {
      Files.writeString(
          described, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(identity) + "\n");
      Files.writeString(file, SweepRun.HEADER + "\n");
    }
    Writer writer =
        Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    return new SweepLog(new ArrayList<>(runs), writer);
  }

  private static void requireSame(Path folder, Path described, Map<String, String> identity)
      throws IOException {
    Map<String, String> there = new TreeMap<>();
    try {
      there.putAll(
          JSON.readValue(Files.readString(described), new TypeReference<Map<String, String>>() {}));
    } catch (JsonProcessingException e) {
      throw new IOException(described + " cannot be read: " + e.getOriginalMessage(), e);
    }
    TreeSet<String> names = new TreeSet<>(there.keySet());
    names.addAll(identity.keySet());
    List<String> differences = new ArrayList<>();
    for (String name : names) {
      if (!Objects.equals(there.get(name), identity.get(name))) {
        differences.add(name + " was " + there.get(name) + ", is " + identity.get(name));
      }
    }
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          folder
              + " holds another sweep ("
              + String.join("; ", differences)
              + "): name another folder, or start it anew with --restart");
    }
  }

  /** Reads the runs; cuts off a last line that was never finished. */
  private static List<SweepRun> read(Path file) throws IOException {
    String text = Files.readString(file);
    int end = text.lastIndexOf('\n') + 1;
    if (end < text.length()) {
      text = text.substring(0, end);
      Files.writeString(file, text);
    }
    List<SweepRun> runs = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (number == 1 && line.equals(SweepRun.HEADER)) {
        continue;
      }
      try {
        runs.add(SweepRun.ofLine(line));
      } catch (IllegalArgumentException e) {
        throw new IOException(
            String.format(
                "%s line %d is no run of a sweep (%s): start anew with --restart",
                file, number, e.getMessage()),
            e);
      }
    }
    return runs;
  }

  /** Returns the runs so far. */
  public List<SweepRun> runs() {
    return List.copyOf(runs);
  }

  /** Appends a run; when this returns it outlives the process. */
  void append(SweepRun run) throws IOException {
    writer.write(run.toLine() + "\n");
    writer.flush();
    runs.add(run);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
