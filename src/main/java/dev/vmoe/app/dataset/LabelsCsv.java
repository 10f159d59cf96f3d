package dev.vmoe.app.dataset;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A CSV of labelled images: file and label. A header may name more columns: {@code split} is the
 * image's part of the set, others are not read.
 */
public final class LabelsCsv {

  /** Name of the CSV that makes a folder a labelled set. */
  public static final String NAME = "labels.csv";

  private LabelsCsv() {}

  /**
   * Returns the images that a CSV lists, in its order; their paths are relative to it.
   *
   * @throws IOException if a line cannot be understood, or names a file that does not exist
   */
  public static List<LabelledFile> read(Path csv) throws IOException {
    return read(csv, LabelColumns.LABEL);
  }

  /**
   * Returns the images that a CSV lists, with the label that a column of its header gives them.
   *
   * @throws IOException as above, or if there is no such column
   */
  public static List<LabelledFile> read(Path csv, String label) throws IOException {
    Path folder = csv.toAbsolutePath().getParent();
    List<LabelledFile> entries = new ArrayList<>();
    LabelColumns columns = LabelColumns.WITHOUT_HEADER;
    int number = 0;
    for (String line : lines(csv)) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      List<String> cells = cells(line);
      if (number == 1 && LabelColumns.isHeader(cells)) {
        columns = LabelColumns.of(csv, cells, label);
        continue;
      }
      if (number == 1 && !label.equals(LabelColumns.LABEL)) {
        throw new IOException(csv + " has no header, so no column " + label);
      }
      String where = csv + " line " + number;
      columns.check(where, line, cells);
      String name = cells.get(columns.file());
      Path file = folder == null ? Path.of(name) : folder.resolve(name);
      if (!Files.isRegularFile(file)) {
        throw new IOException(where + ": there is no file " + file);
      }
      entries.add(new LabelledFile(name, file, cells.get(columns.label()), columns.splitOf(cells)));
    }
    if (entries.isEmpty()) {
      throw new IOException("no images found in " + csv + ": expected lines of file,label");
    }
    return entries;
  }

  private static List<String> lines(Path csv) throws IOException {
    try {
      return Files.readAllLines(csv, StandardCharsets.UTF_8);
    } catch (MalformedInputException e) {
      throw new IOException(csv + " is not UTF-8 text", e);
    }
  }

  /** Splits at commas outside of double quotes; two double quotes inside stand for one. */
  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"' && quoted && line.startsWith("\"\"", i)) {
        cell.append('"');
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        cells.add(cell.toString().strip());
        cell.setLength(0);
      } else {
        cell.append(c);
      }
    }
    cells.add(cell.toString().strip());
    return cells;
  }
}
