package dev.vmoe.streams.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A table of text for a terminal, or of comma-separated values for a machine. */
public final class Table {

  private final List<List<String>> rows = new ArrayList<>();

  /** Creates a table with these column names. */
  public Table(String... columns) {
    rows.add(List.of(columns));
  }

  /**
   * Adds a row; doubles appear with as many digits as they need, null as an empty cell.
   *
   * @throws IllegalArgumentException if the number of cells is not that of the columns
   */
  public void add(@Nullable Object... cells) {
    if (cells.length != rows.get(0).size()) {
      throw new IllegalArgumentException(
          cells.length + " cells in a table of " + rows.get(0).size() + " columns");
    }
    List<String> row = new ArrayList<>(cells.length);
    for (Object cell : cells) {
      row.add(cell == null ? "" : cell.toString());
    }
    rows.add(row);
  }

  /** Formats a number with this many decimals, independent of the user's locale. */
  public static String decimals(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** Returns the table as aligned text. */
  public String toText() {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        boolean number =
            !row.get(c).isEmpty() && "+-.0123456789".indexOf(row.get(c).charAt(0)) >= 0;
        boolean right = number || (row == rows.get(0) && c > 0);
        String pad = " ".repeat(widths[c] - row.get(c).length());
        line.append(c == 0 ? "" : "  ").append(right ? pad + row.get(c) : row.get(c) + pad);
      }
      text.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    return text.toString();
  }

  /** Returns the table as comma-separated values (RFC 4180, line feeds). */
  public String toCsv() {
    StringBuilder csv = new StringBuilder();
    for (List<String> row : rows) {
      for (int c = 0; c < row.size(); c++) {
        csv.append(c == 0 ? "" : ",").append(quote(row.get(c)));
      }
      csv.append('\n');
    }
    return csv.toString();
  }

  private static String quote(String cell) {
    boolean plain = cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
  }
}
