package dev.vmoe.app.dataset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;

/**
 * Where a CSV of labelled images has its columns, from 0.
 *
 * @param count cells of a line
 * @param file path of the image, relative to the CSV
 * @param label name of its class
 * @param split its part of the set; -1 where the CSV has none
 */
record LabelColumns(int count, int file, int label, int split) {

  /** Lines of file,label. */
  static final LabelColumns WITHOUT_HEADER = new LabelColumns(2, 0, 1, -1);

  private static final String FILE = "file";
  static final String LABEL = "label";
  private static final String SPLIT = "split";

  /** Returns whether a first line names the columns. */
  static boolean isHeader(List<String> cells) {
    return cells.contains(FILE) && cells.contains(LABEL);
  }

  /**
   * Returns the columns that a header names.
   *
   * @param label name of the column with the labels
   * @throws IOException if it names one twice, or none so
   */
  static LabelColumns of(Path csv, List<String> header, String label) throws IOException {
    if (new HashSet<>(header).size() < header.size()) {
      throw new IOException(csv + " line 1 names a column twice: " + String.join(",", header));
    }
    if (!header.contains(label)) {
      throw new IOException(
          "%s has no column '%s', only %s".formatted(csv, label, String.join(", ", header)));
    }
    return new LabelColumns(
        header.size(), header.indexOf(FILE), header.indexOf(label), header.indexOf(SPLIT));
  }

  /**
   * Checks a line.
   *
   * @param where file and line, for the error
   * @throws IOException if a cell is missing, or there is one too many
   */
  void check(String where, String line, List<String> cells) throws IOException {
    boolean complete =
        cells.size() == count
            && !cells.get(file).isEmpty()
            && !cells.get(label).isEmpty()
            && (split < 0 || !cells.get(split).isEmpty());
    if (complete) {
      return;
    }
    throw new IOException(
        count == WITHOUT_HEADER.count
            ? where + " is not of the form file,label: " + line
            : "%s needs %d cells, with file, label%s: %s"
                .formatted(where, count, split < 0 ? "" : " and split", line));
  }

  /** Returns the part of the set that a checked line names; empty without such a column. */
  String splitOf(List<String> cells) {
    return split < 0 ? "" : cells.get(split);
  }
}
