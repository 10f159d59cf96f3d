package dev.vmoe.lab.sweep;

import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.chart.LineChart;
import dev.vmoe.lab.chart.Series;
import dev.vmoe.lab.chart.Series.ChartPoint;
import dev.vmoe.lab.chart.Series.Mark;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * The pictures of an evaluation, each an SVG by file name: accuracy over time of all models, one
 * picture a split of the images.
 */
public final class EvaluationPictures {

  /** Colours of the dense models, and of further models with experts. */
  private static final List<String> OTHERS = List.of("#009e73", "#cc79a7", "#56b4e9", "#e69f00");

  private EvaluationPictures() {}

  /**
   * Draws the models.
   *
   * @param models the first one's curves are drawn for every routing and K, of others with experts
   *     only those of BPR
   */
  public static Map<String, String> draw(List<EvaluatedModel> models, int batch) {
    Map<String, String> pictures = new LinkedHashMap<>();
    for (String split : models.get(0).points().get(0).splits().keySet()) {
      String end = split.equals(SplitResult.ALL) ? "" : "-" + split.replaceAll("[^\\w.-]", "_");
      pictures.put("accuracy-over-time" + end + ".svg", overTime(models, split, batch).toSvg());
    }
    return pictures;
  }

  private static LineChart overTime(List<EvaluatedModel> models, String split, int batch) {
    EvaluatedModel first = models.get(0);
    int images = first.points().get(0).split(split).images();
    LineChart chart =
        new LineChart(
            first.card().name()
                + ": accuracy over time"
                + (split.equals(SplitResult.ALL) ? "" : ", " + split),
            String.format(
                Locale.ROOT,
                "batches of %d, %,d images, bars: 95 %% intervals, mean times",
                batch,
                images),
            SweepPictures.TIME,
            SweepPictures.ACCURACY);
    int others = 0;
    for (int i = 0; i < models.size(); i++) {
      EvaluatedModel model = models.get(i);
      if (i == 0 && !model.card().dense()) {
        addCurves(chart, model, split);
      } else {
        String colour =
            model.card().dense() && others == 0
                ? SweepPictures.GREY
                : OTHERS.get(others % OTHERS.size());
        add(chart, model, split, colour, shortName(model, models));
        others++;
      }
    }
    return chart;
  }

  private static void addCurves(LineChart chart, EvaluatedModel model, String split) {
    TreeSet<Integer> ks = new TreeSet<>(Comparator.reverseOrder());
    model.points().forEach(point -> ks.add(settings(point).expertsPerToken()));
    for (int k : ks) {
      for (Routing routing : Routing.values()) {
        chart.add(
            SweepPictures.curve(routing, k, k == ks.first(), points(model, split, routing, k)));
      }
    }
  }

  /** Adds a model beside the first: a diamond if dense, else its curve of BPR at its largest K. */
  private static void add(
      LineChart chart, EvaluatedModel model, String split, String colour, String name) {
    if (model.card().dense()) {
      List<ChartPoint> points =
          model.points().stream().map(point -> chartPoint(point, split)).toList();
      chart.add(new Series(name, colour, false, Mark.DIAMOND, points.subList(0, 1)));
      return;
    }
    int k =
        model.points().stream()
            .mapToInt(point -> settings(point).expertsPerToken())
            .max()
            .orElseThrow();
    List<ChartPoint> points = points(model, split, Routing.BATCH_PRIORITY, k);
    chart.add(new Series(name, colour, false, Mark.OPEN, points));
  }

  private static List<ChartPoint> points(
      EvaluatedModel model, String split, Routing routing, int k) {
    return model.points().stream()
        .filter(point -> settings(point).routing() == routing)
        .filter(point -> settings(point).expertsPerToken() == k)
        .map(point -> chartPoint(point, split))
        .toList();
  }

  private static ChartPoint chartPoint(EvaluatedPoint point, String split) {
    return SweepPictures.point(point.row().millisPerImage(), point.split(split).accuracy());
  }

  private static RoutingSettings settings(EvaluatedPoint point) {
    return point.row().point().settings();
  }

  /** Returns the name without the part that all names begin with: there is little room. */
  private static String shortName(EvaluatedModel model, List<EvaluatedModel> models) {
    String name = model.card().name();
    int common = name.lastIndexOf('-') + 1;
    while (common > 0 && !allBegin(models, name.substring(0, common))) {
      common = name.lastIndexOf('-', common - 2) + 1;
    }
    return name.substring(common);
  }

  private static boolean allBegin(List<EvaluatedModel> models, String start) {
    return models.stream().allMatch(model -> model.card().name().startsWith(start));
  }
}
