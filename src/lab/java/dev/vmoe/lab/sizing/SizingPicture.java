package dev.vmoe.lab.sizing;

import dev.vmoe.lab.chart.Axis;
import dev.vmoe.lab.chart.LineChart;
import dev.vmoe.lab.chart.Series;
import dev.vmoe.lab.chart.Series.ChartPoint;
import dev.vmoe.lab.chart.Series.Mark;
import dev.vmoe.lab.sizing.SizingStudy.Row;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Pictures of what a rate is worth on so many instances: how full batches are, and how late. */
public final class SizingPicture {

  private static final List<String> COLOURS =
      List.of("#8fc7e8", "#4f9fd0", "#1f73ad", "#0b3f6b", "#e69f00", "#d55e00", "#7a2e00");

  private SizingPicture() {}

  /** Draws images a batch over the number of instances, a line for each rate. */
  public static String batches(List<Row> scale) {
    return draw(
        scale,
        "Many instances starve their batches",
        new Axis("images a batch, of 32", true),
        row -> row.forecast().meanBatch());
  }

  /** Draws accuracy over the number of instances, a line for each rate. */
  public static String accuracy(List<Row> scale) {
    return draw(
        scale,
        "What instances bring: capacity, until they starve",
        new Axis("expected accuracy, %", false),
        row -> 100 * row.forecast().accuracy());
  }

  private static String draw(
      List<Row> scale, String title, Axis axis, ToDoubleFunction<Row> figure) {
    LineChart chart =
        new LineChart(
            title,
            "simulated with measured costs of one instance; 20 ms linger, target 1 s",
            new Axis("instances", true),
            axis);
    List<Double> rates = scale.stream().map(Row::imagesPerSecond).distinct().toList();
    for (int i = 0; i < rates.size(); i++) {
      double rate = rates.get(i);
      List<ChartPoint> points =
          scale.stream()
              .filter(row -> row.imagesPerSecond() == rate && !row.overloaded())
              .map(row -> point(row.instances(), figure.applyAsDouble(row)))
              .toList();
      if (!points.isEmpty()) {
        chart.add(
            new Series(
                String.format(Locale.ROOT, "%.0f images/s", rate),
                COLOURS.get(i % COLOURS.size()),
                false,
                Mark.FILLED,
                points));
      }
    }
    return chart.toSvg();
  }

  private static ChartPoint point(int instances, double value) {
    return new ChartPoint(instances, value, value, value);
  }
}
