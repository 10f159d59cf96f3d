package dev.vmoe.lab.sweep;

import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a table whose rows are all of one kind: the name of each beside its value.
 *
 * @param <T> what a row shows
 */
public final class Columns<T> {

  private final Map<String, Function<T, @Nullable Object>> columns = new LinkedHashMap<>();

  /** Adds a column; null is an empty cell. */
  public Columns<T> add(String name, Function<T, @Nullable Object> value) {
    columns.put(name, value);
    return this;
  }

  /** Adds a column of numbers with this many decimals; null and not-a-number are empty cells. */
  public Columns<T> add(String name, int digits, Function<T, @Nullable Double> value) {
    return add(name, row -> decimals(value.apply(row), digits));
  }

  /** Adds a column of shares, as percentages with this many decimals. */
  public Columns<T> addShare(String name, int digits, Function<T, @Nullable Double> value) {
    return add(
        name,
        row -> {
          Double share = value.apply(row);
          String percent = share == null ? null : decimals(100 * share, digits);
          return percent == null ? null : percent + "%";
        });
  }

  private static @Nullable String decimals(@Nullable Double value, int digits) {
    return value == null || value.isNaN() ? null : Table.decimals(value, digits);
  }

  /** Returns the table of these rows. */
  public Table table(Iterable<? extends T> rows) {
    Table table = new Table(columns.keySet().toArray(String[]::new));
    for (T row : rows) {
      List<@Nullable Object> cells = new ArrayList<>();
      columns.values().forEach(value -> cells.add(value.apply(row)));
      table.add(cells.toArray());
    }
    return table;
  }
}
