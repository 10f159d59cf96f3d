package dev.vmoe.lab.overload;

import dev.vmoe.lab.chart.Axis;
import dev.vmoe.lab.chart.Plot;
import dev.vmoe.lab.chart.Series;
import dev.vmoe.lab.chart.Series.ChartPoint;
import dev.vmoe.lab.chart.Series.Mark;
import dev.vmoe.lab.chart.Svg;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * One trace over time, as SVG: arrivals, backlog, operating point and latency of every policy, in
 * panels below each other that share the axis of time.
 */
public final class OverloadPicture {

  private static final int WIDTH = 1000;
  private static final int LEFT = 84;
  private static final int RIGHT = 980;
  private static final int TOP = 76;
  private static final int PANEL_HEIGHT = 170;
  private static final int GAP = 34;
  private static final int LEGEND_STEP = 140;
  private static final int LEGEND_COLUMNS = 6;
  private static final int LEGEND_ROW = 20;
  private static final String BLACK = "#222";
  private static final Axis SECONDS = new Axis("seconds", false);

  /** Safe for colour-blind readers (Okabe and Ito). */
  private static final List<String> COLOURS =
      List.of(
          "#d55e00", "#0072b2", "#e69f00", "#009e73", "#888888", "#cc79a7", "#56b4e9", "#332288",
          "#999933");

  private final Map<String, OverloadReport.PolicyResult> policies;
  private final double targetMillis;
  private final int seconds;

  private record TimePanel(Axis axis, List<Series> lines) {}

  private OverloadPicture(Map<String, OverloadReport.PolicyResult> policies, double targetSeconds) {
    this.policies = policies;
    this.targetMillis = 1e3 * targetSeconds;
    this.seconds =
        policies.values().stream().mapToInt(result -> result.timeline().size()).max().orElse(1);
  }

  /**
   * Returns the picture of a trace.
   *
   * @param policies results by policy, at least one
   */
  public static String svg(
      String title, Map<String, OverloadReport.PolicyResult> policies, double targetSeconds) {
    return new OverloadPicture(policies, targetSeconds).draw(title);
  }

  private String draw(String title) {
    List<TimePanel> panels = panels();
    int first = TOP + LEGEND_ROW * (policies.size() / LEGEND_COLUMNS); // the target is one more
    int height = first + panels.size() * (PANEL_HEIGHT + GAP) + 20;
    Svg svg = new Svg(WIDTH, height, LEFT, title);
    drawLegend(svg);
    int top = first;
    for (TimePanel panel : panels) {
      Plot plot =
          new Plot(SECONDS.scale(0, seconds), scale(panel), LEFT, RIGHT, top, top + PANEL_HEIGHT);
      plot.drawAxes(svg, 10, 4);
      panel.lines().forEach(line -> plot.draw(svg, line));
      top += PANEL_HEIGHT + GAP;
    }
    svg.text((LEFT + RIGHT) / 2.0, top + 8, "middle", "", SECONDS.label());
    return svg.end();
  }

  private List<TimePanel> panels() {
    List<Timeline.Second> any = policies.values().iterator().next().timeline();
    Series arrivals = line("arrivals", BLACK, any, Timeline.Second::arrivals);
    List<Series> latencies = lines(Timeline.Second::p99Ms);
    latencies.add(
        new Series(
            "target",
            BLACK,
            true,
            Mark.NONE,
            List.of(ChartPoint.of(0, targetMillis), ChartPoint.of(seconds, targetMillis))));
    return List.of(
        new TimePanel(new Axis("images arriving a second", false), List.of(arrivals)),
        new TimePanel(new Axis("images waiting", false), lines(Timeline.Second::backlogImages)),
        new TimePanel(new Axis("capacity ratio × K", false), lines(Timeline.Second::slotsPerToken)),
        new TimePanel(new Axis("p99 latency, ms", true), latencies));
  }

  private List<Series> lines(ToDoubleFunction<Timeline.Second> figure) {
    List<Series> lines = new ArrayList<>();
    policies.forEach(
        (policy, result) ->
            lines.add(line(policy, colour(lines.size()), result.timeline(), figure)));
    return lines;
  }

  private static String colour(int number) {
    return COLOURS.get(number % COLOURS.size());
  }

  /** Returns a figure in the middle of each second that has it. */
  private static Series line(
      String name,
      String colour,
      List<Timeline.Second> timeline,
      ToDoubleFunction<Timeline.Second> figure) {
    return new Series(
        name,
        colour,
        false,
        Mark.NONE,
        timeline.stream()
            .map(second -> ChartPoint.of(second.second() + 0.5, figure.applyAsDouble(second)))
            .filter(point -> !Double.isNaN(point.y()))
            .toList());
  }

  private void drawLegend(Svg svg) {
    int number = 0;
    for (String policy : policies.keySet()) {
      drawLegend(svg, number, policy, "stroke-width=\"2.5\"", colour(number));
      number++;
    }
    drawLegend(svg, number, "target", "stroke-dasharray=\"6 4\"", BLACK);
  }

  private static void drawLegend(Svg svg, int number, String name, String stroke, String colour) {
    int at = LEFT + LEGEND_STEP * (number % LEGEND_COLUMNS);
    int down = 50 + LEGEND_ROW * (number / LEGEND_COLUMNS);
    svg.add("<path d=\"M%d %dh30\" stroke=\"%s\" %s/>", at, down, colour, stroke);
    svg.text(at + 36, down + 4.5, "start", "", name);
  }

  /** Returns what the values take up: from 0, or from the smallest where it is logarithmic. */
  private static Axis.Scale scale(TimePanel panel) {
    DoubleSummaryStatistics values = new DoubleSummaryStatistics();
    panel.lines().forEach(line -> line.points().forEach(point -> values.accept(point.y())));
    double max = Math.max(values.getMax(), Double.MIN_NORMAL);
    return panel.axis().logarithmic()
        ? panel.axis().scale(values.getMin() / 1.2, max * 1.2)
        : panel.axis().scale(0, 1.05 * max);
  }
}
