package dev.vmoe.lab.sweep;

import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.chart.Axis;
import dev.vmoe.lab.chart.LineChart;
import dev.vmoe.lab.chart.Series;
import dev.vmoe.lab.chart.Series.ChartPoint;
import dev.vmoe.lab.chart.Series.Mark;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * The pictures of a sweep, each an SVG by file name.
 *
 * @see <a href="https://arxiv.org/abs/2106.05974">Scaling Vision with Sparse Mixture of Experts,
 *     section 4: accuracy over capacity ratio, with and without batch priority</a>
 */
public final class SweepPictures {

  static final String BLUE = "#0072b2";
  static final String ORANGE = "#d55e00";
  static final String GREY = "#444444";

  /** Lighter to darker, small batches to large ones. */
  private static final List<String> BLUES = List.of("#8fc7e8", "#4f9fd0", "#1f73ad", "#0b3f6b");

  static final Axis ACCURACY = new Axis("accuracy, %", false);
  static final Axis TIME = new Axis("time of the model, ms an image", false);
  private static final Axis RATIO =
      new Axis("effective capacity ratio: slots of all experts / token choices", true);

  private SweepPictures() {}

  /**
   * Draws the rows.
   *
   * @param rows all rows of a sweep
   * @param plan what was swept; its largest batch and largest K are the main picture's
   */
  public static Map<String, String> draw(List<SweepRow> rows, SweepPlan plan) {
    Map<String, String> pictures = new LinkedHashMap<>();
    pictures.put("accuracy-over-capacity.svg", overCapacity(rows, plan).toSvg());
    pictures.put("accuracy-over-time.svg", overTime(rows, plan).toSvg());
    if (plan.batches().size() > 1) {
      pictures.put("accuracy-by-batch.svg", byBatch(rows, plan).toSvg());
    }
    return pictures;
  }

  private static LineChart overCapacity(List<SweepRow> rows, SweepPlan plan) {
    int batch = plan.largestBatch();
    LineChart chart =
        new LineChart(
            name(rows) + ": accuracy over expert capacity",
            "batches of " + batch + ", " + images(rows),
            RATIO,
            ACCURACY);
    addCurves(chart, rows, plan, SweepRow::effectiveRatio);
    addTwinLevel(chart, rows, batch);
    return chart;
  }

  private static LineChart overTime(List<SweepRow> rows, SweepPlan plan) {
    int batch = plan.largestBatch();
    LineChart chart =
        new LineChart(
            name(rows) + ": accuracy over time",
            "batches of " + batch + ", " + images(rows) + ", median times",
            TIME,
            ACCURACY);
    addCurves(chart, rows, plan, SweepRow::millisPerImage);
    twin(rows, batch)
        .ifPresent(
            row ->
                chart.add(
                    new Series(
                        "dense twin",
                        GREY,
                        false,
                        Mark.DIAMOND,
                        List.of(point(row, row.millisPerImage())))));
    return chart;
  }

  private static LineChart byBatch(List<SweepRow> rows, SweepPlan plan) {
    int k = largestK(plan);
    LineChart chart =
        new LineChart(
            name(rows) + ": accuracy over expert capacity by batch size",
            "BPR, K = " + k + ", " + images(rows),
            RATIO,
            ACCURACY);
    for (int i = 0; i < plan.batches().size(); i++) {
      int batch = plan.batches().get(i);
      int shade = i * (BLUES.size() - 1) / (plan.batches().size() - 1);
      chart.add(
          new Series(
              batch == 1 ? "batches of 1 image" : "batches of " + batch,
              BLUES.get(shade),
              false,
              Mark.FILLED,
              points(rows, curve(Routing.BATCH_PRIORITY, k, batch), SweepRow::effectiveRatio)));
    }
    addTwinLevel(chart, rows, plan.largestBatch());
    return chart;
  }

  private static void addCurves(
      LineChart chart, List<SweepRow> rows, SweepPlan plan, ToDoubleFunction<SweepRow> x) {
    List<Integer> largestFirst =
        plan.expertsPerToken().stream().sorted(Comparator.reverseOrder()).toList();
    for (int k : largestFirst) {
      boolean main = k == largestK(plan);
      for (Routing routing : Routing.values()) {
        chart.add(curve(routing, k, main, points(rows, curve(routing, k, plan.largestBatch()), x)));
      }
    }
  }

  /**
   * Returns the curve of a routing and K.
   *
   * @param main whether K is the largest of the picture
   */
  static Series curve(Routing routing, int k, boolean main, List<ChartPoint> points) {
    boolean priority = routing == Routing.BATCH_PRIORITY;
    return new Series(
        (priority ? "BPR" : "vanilla") + ", K = " + k,
        priority ? BLUE : ORANGE,
        !main,
        main ? Mark.FILLED : Mark.OPEN,
        points);
  }

  private static void addTwinLevel(LineChart chart, List<SweepRow> rows, int batch) {
    twin(rows, batch)
        .ifPresent(
            row ->
                chart.add(
                    new LineChart.ReferenceLine(
                        "dense twin",
                        GREY,
                        100 * row.accuracy(),
                        100 * row.accuracyInterval().low(),
                        100 * row.accuracyInterval().high())));
  }

  private static Optional<SweepRow> twin(List<SweepRow> rows, int batch) {
    return rows.stream().filter(row -> row.point().equals(SweepPoint.dense(batch))).findFirst();
  }

  private static Predicate<SweepRow> curve(Routing routing, int k, int batch) {
    return row -> {
      RoutingSettings settings = row.point().routing();
      return settings != null
          && settings.routing() == routing
          && settings.expertsPerToken() == k
          && row.point().batch() == batch;
    };
  }

  private static List<ChartPoint> points(
      List<SweepRow> rows, Predicate<SweepRow> curve, ToDoubleFunction<SweepRow> x) {
    return rows.stream().filter(curve).map(row -> point(row, x.applyAsDouble(row))).toList();
  }

  private static ChartPoint point(SweepRow row, double x) {
    return point(x, row.accuracyInterval());
  }

  /** Returns an accuracy in percent with its error bar. */
  static ChartPoint point(double x, Interval accuracy) {
    return new ChartPoint(x, 100 * accuracy.mean(), 100 * accuracy.low(), 100 * accuracy.high());
  }

  private static int largestK(SweepPlan plan) {
    return plan.expertsPerToken().get(plan.expertsPerToken().size() - 1);
  }

  private static String name(List<SweepRow> rows) {
    return rows.stream()
        .filter(row -> !row.point().isDense())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("a sweep without a row of the V-MoE"))
        .model();
  }

  private static String images(List<SweepRow> rows) {
    return String.format(Locale.ROOT, "%,d images, bars: 95 %% intervals", rows.get(0).images());
  }
}
