package dev.vmoe.app.dataset;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * A CSV of labelled images: file and label. A header may name more columns: {@code split} is the
 * image's part of the set, others are not read.
 */
public final class LabelsCsv {

  /** Name of the CSV that makes a folder a labelled set. */
  public static final String NAME = "labels.csv";

  private static final String FILE = "file";
  private static final String LABEL = "label";
  private static final String SPLIT = "split";

  private static final LabelColumns WITHOUT_HEADER = new LabelColumns(2, 0, 1, -1);

  private LabelsCsv() {}

  /** Where the columns are, from 0; the split is -1 where the CSV has none. */
  private record LabelColumns(int count, int file, int label, int split) {

    static LabelColumns of(Path csv, List<String> header) throws IOException {
      if (new HashSet<>(header).size() < header.size()) {
        throw new IOException(csv + " line 1 names a column twice: " + String.join(",", header));
      }
      return new LabelColumns(
          header.size(), header.indexOf(FILE), header.indexOf(LABEL), header.indexOf(SPLIT));
    }

    boolean areIn(List<String> cells) {
      return cells.size() == count
          && !cells.get(file).isEmpty()
          && !cells.get(label).isEmpty()
          && (split < 0 || !cells.get(split).isEmpty());
    }
  }

  /**
   * Returns the images that a CSV lists, in its order; their paths are relative to it.
   *
   * @throws IOException if a line cannot be understood, or names a file that does not exist
   */
  public static List<LabelledFile> read(Path csv) throws IOException {
    Path folder = csv.toAbsolutePath().getParent();
    List<LabelledFile> entries = new ArrayList<>();
    LabelColumns columns = WITHOUT_HEADER;
    int number = 0;
    for (String line : lines(csv)) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      List<String> cells = cells(line);
      if (number == 1 && cells.contains(FILE) && cells.contains(LABEL)) {
        columns = LabelColumns.of(csv, cells);
        continue;
      }
      String where = csv + " line " + number;
      if (!columns.areIn(cells)) {
        throw new IOException(
            columns.equals(WITHOUT_HEADER)
                ? where + " is not of the form file,label: " + line
                : "%s needs %d cells, with file, label%s: %s"
                    .formatted(
                        where, columns.count(), columns.split() < 0 ? "" : " and split", line));
      }
      String name = cells.get(columns.file());
      Path file = folder == null ? Path.of(name) : folder.resolve(name);
      if (!Files.isRegularFile(file)) {
        throw new IOException(where + ": there is no file " + file);
      }
      String split = columns.split() < 0 ? "" : cells.get(columns.split());
      entries.add(new LabelledFile(name, file, cells.get(columns.label()), split));
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
