package dev.vmoe.lab.sweep;

import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.output.Table;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Where a V-MoE with BPR stands level with its dense twin: the cheapest of its points that is as
 * accurate, in two senses of the word.
 */
public enum EqualAccuracy {
  /** The accuracy is at least the twin's. */
  AT_LEAST("at least the twin's") {
    @Override
    boolean holds(Interval difference) {
      return difference.mean() >= 0;
    }
  },
  /** The 95 % interval of the difference, paired by image, reaches 0. */
  NOT_TOLD_APART("not told apart from it") {
    @Override
    boolean holds(Interval difference) {
      return difference.high() >= 0;
    }
  };

  private final String label;

  EqualAccuracy(String label) {
    this.label = label;
  }

  abstract boolean holds(Interval difference);

  /** Returns the sense, for people. */
  public String label() {
    return label;
  }

  /**
   * Returns the fastest of the points with BPR that are as accurate as the twin.
   *
   * @param batch batch size that both are compared at
   */
  public Optional<SweepRow> cheapest(List<SweepRow> rows, int batch) {
    return rows.stream()
        .filter(row -> row.point().batch() == batch)
        .filter(EqualAccuracy::isBatchPriority)
        .filter(row -> row.minusDense() != null && holds(row.minusDense()))
        .min(Comparator.comparing(SweepRow::millisPerImage));
  }

  /** Returns a table of the cheapest points, a line each batch size and sense. */
  public static Table table(List<SweepRow> rows, List<Integer> batches) {
    Table table =
        new Table(
            "batch",
            "twin's accuracy",
            "V-MoE with BPR is",
            "from K",
            "ratio",
            "accuracy",
            "choices processed",
            "time / twin's");
    for (int batch : batches) {
      for (SweepRow twin : rows) {
        if (twin.point().equals(SweepPoint.dense(batch))) {
          for (EqualAccuracy sense : values()) {
            addLine(table, twin, sense, sense.cheapest(rows, batch));
          }
        }
      }
    }
    return table;
  }

  private static void addLine(
      Table table, SweepRow twin, EqualAccuracy sense, Optional<SweepRow> found) {
    String accuracy = Table.decimals(twin.accuracy(), 4);
    RoutingSettings routing = found.map(row -> row.point().routing()).orElse(null);
    if (found.isEmpty() || routing == null) {
      table.add(twin.point().batch(), accuracy, sense.label, "nowhere", "", "", "", "");
      return;
    }
    SweepRow row = found.get();
    table.add(
        twin.point().batch(),
        accuracy,
        sense.label,
        routing.expertsPerToken(),
        routing.capacityRatio(),
        Table.decimals(row.accuracy(), 4),
        Table.decimals(100 * row.processed(), 1) + "%",
        row.timesDense() == null ? "" : Table.decimals(row.timesDense(), 2));
  }

  private static boolean isBatchPriority(SweepRow row) {
    RoutingSettings routing = row.point().routing();
    return routing != null && routing.routing() == Routing.BATCH_PRIORITY;
  }
}
