package dev.vmoe.lab.overload;

import dev.vmoe.picture.Markup;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
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
  private static final String BLACK = "#222";

  /** Told apart by people who see few colours, too (Okabe and Ito). */
  private static final List<String> COLOURS =
      List.of("#d55e00", "#0072b2", "#e69f00", "#009e73", "#888888", "#cc79a7");

  private final String title;
  private final Map<String, OverloadReport.Result> policies;
  private final double targetSeconds;
  private final int seconds;
  private final StringBuilder svg = new StringBuilder();

  private record Point(double x, double y) {}

  private record Line(String name, String colour, boolean dashed, List<Point> points) {}

  private record Panel(String label, boolean logarithmic, List<Line> lines) {}

  private record Range(double low, double high, boolean logarithmic) {

    /** Returns where a value lies between the ends, 0 to 1. */
    double part(double value) {
      return logarithmic
          ? Math.log(value / low) / Math.log(high / low)
          : (value - low) / (high - low);
    }
  }

  private OverloadPicture(
      String title, Map<String, OverloadReport.Result> policies, double targetSeconds) {
    this.title = title;
    this.policies = policies;
    this.targetSeconds = targetSeconds;
    this.seconds =
        policies.values().stream().mapToInt(result -> result.timeline().size()).max().orElse(1);
  }

  /**
   * Returns the picture of a trace.
   *
   * @param policies results by policy, at least one
   */
  public static String svg(
      String title, Map<String, OverloadReport.Result> policies, double targetSeconds) {
    return new OverloadPicture(title, policies, targetSeconds).draw();
  }

  private String draw() {
    List<Panel> panels = panels();
    int height = TOP + panels.size() * (PANEL_HEIGHT + GAP) + 20;
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" fill=\"%s\">",
        WIDTH, height, WIDTH, height, BLACK);
    add("<title>%s</title>", Markup.escape(title));
    add("<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>");
    text(LEFT, 28, "start", "font-size=\"17\" font-weight=\"bold\"", title);
    legend();
    int top = TOP;
    for (Panel panel : panels) {
      draw(panel, top);
      top += PANEL_HEIGHT + GAP;
    }
    text((LEFT + RIGHT) / 2.0, top + 8, "middle", "", "seconds");
    add("</svg>");
    return svg.toString();
  }

  private List<Panel> panels() {
    List<Timeline.Second> any = policies.values().iterator().next().timeline();
    Line arrivals = line("arrivals", BLACK, any, second -> (double) second.arrivals());
    List<Line> latencies = new ArrayList<>(lines(Timeline.Second::p99Ms));
    double target = 1e3 * targetSeconds;
    latencies.add(
        new Line("target", BLACK, true, List.of(new Point(0, target), new Point(seconds, target))));
    return List.of(
        new Panel("images come in a second", false, List.of(arrivals)),
        new Panel("images waiting", false, lines(second -> (double) second.backlogImages())),
        new Panel("capacity ratio × K", false, lines(Timeline.Second::slotsPerToken)),
        new Panel("p99 latency, ms", true, latencies));
  }

  private List<Line> lines(ToDoubleFunction<Timeline.Second> figure) {
    List<Line> lines = new ArrayList<>();
    policies.forEach(
        (policy, result) ->
            lines.add(
                line(
                    policy,
                    COLOURS.get(lines.size() % COLOURS.size()),
                    result.timeline(),
                    figure)));
    return lines;
  }

  /** Returns a figure in the middle of each second that has it. */
  private static Line line(
      String name,
      String colour,
      List<Timeline.Second> timeline,
      ToDoubleFunction<Timeline.Second> figure) {
    return new Line(
        name,
        colour,
        false,
        timeline.stream()
            .map(second -> new Point(second.second() + 0.5, figure.applyAsDouble(second)))
            .filter(point -> !Double.isNaN(point.y()))
            .toList());
  }

  private void legend() {
    int at = LEFT;
    int number = 0;
    for (String policy : policies.keySet()) {
      String colour = COLOURS.get(number++ % COLOURS.size());
      add("<path d=\"M%d 50h30\" stroke=\"%s\" stroke-width=\"2.5\"/>", at, colour);
      text(at + 36, 54.5, "start", "", policy);
      at += LEGEND_STEP;
    }
    add("<path d=\"M%d 50h30\" stroke=\"%s\" stroke-dasharray=\"6 4\"/>", at, BLACK);
    text(at + 36, 54.5, "start", "", "target");
  }

  private void draw(Panel panel, int top) {
    int bottom = top + PANEL_HEIGHT;
    Range up = range(panel);
    Range across = new Range(0, seconds, false);
    for (double tick : ticks(across, 10)) {
      double x = LEFT + across.part(tick) * (RIGHT - LEFT);
      add("<path d=\"M%.1f %dV%d\" stroke=\"#e4e4e4\"/>", x, top, bottom);
      text(x, bottom + 17, "middle", "font-size=\"12\"", number(tick));
    }
    for (double tick : ticks(up, 4)) {
      double y = bottom - up.part(tick) * PANEL_HEIGHT;
      add("<path d=\"M%d %.1fH%d\" stroke=\"#e4e4e4\"/>", LEFT, y, RIGHT);
      text(LEFT - 7, y + 4.5, "end", "font-size=\"12\"", number(tick));
    }
    add("<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"%s\"/>", LEFT, top, bottom, RIGHT, BLACK);
    int middle = top + PANEL_HEIGHT / 2;
    text(20, middle, "middle", "transform=\"rotate(-90 20 " + middle + ")\"", panel.label());
    for (Line line : panel.lines()) {
      StringBuilder points = new StringBuilder();
      for (Point point : line.points()) {
        points.append(
            String.format(
                Locale.ROOT,
                "%.1f,%.1f ",
                LEFT + across.part(point.x()) * (RIGHT - LEFT),
                bottom - up.part(point.y()) * PANEL_HEIGHT));
      }
      add(
          "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"%s>"
              + "<title>%s</title></polyline>",
          points.toString().strip(),
          line.colour(),
          line.dashed() ? "1" : "1.8",
          line.dashed() ? " stroke-dasharray=\"6 4\"" : "",
          Markup.escape(line.name()));
    }
  }

  /** Returns what the values take up: from 0, or from the least where it is logarithmic. */
  private static Range range(Panel panel) {
    DoubleSummaryStatistics values = new DoubleSummaryStatistics();
    panel.lines().forEach(line -> line.points().forEach(point -> values.accept(point.y())));
    double most = Math.max(values.getMax(), Double.MIN_NORMAL);
    return panel.logarithmic()
        ? new Range(values.getMin() / 1.2, most * 1.2, true)
        : new Range(0, 1.05 * most, false);
  }

  /** Returns round values within the range: 1, 2 and 5 times powers of ten. */
  private static List<Double> ticks(Range range, int most) {
    List<Double> ticks = new ArrayList<>();
    if (range.logarithmic()) {
      boolean wide = range.high() / range.low() > 200;
      double power = Math.pow(10, Math.floor(Math.log10(range.low())));
      for (; power <= range.high(); power *= 10) {
        for (int digit : wide ? new int[] {1} : new int[] {1, 2, 5}) {
          if (digit * power >= range.low() && digit * power <= range.high()) {
            ticks.add(digit * power);
          }
        }
      }
      return ticks;
    }
    double step = step((range.high() - range.low()) / most);
    for (double n = Math.ceil(range.low() / step); n * step <= range.high(); n++) {
      ticks.add(n * step);
    }
    return ticks;
  }

  /** Returns the least of 1, 2 and 5 times a power of ten that is not below. */
  private static double step(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    for (int digit : new int[] {1, 2, 5}) {
      if (digit * power >= least) {
        return digit * power;
      }
    }
    return 10 * power;
  }

  /** Returns a tick's value with as many digits as it needs. */
  private static String number(double value) {
    String digits = String.format(Locale.ROOT, "%,.3f", value).replaceAll("0+$", "");
    return digits.endsWith(".") ? digits.substring(0, digits.length() - 1) : digits;
  }

  private void text(double x, double y, String anchor, String attributes, String text) {
    add(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>",
        x, y, anchor, attributes.isEmpty() ? "" : " " + attributes, Markup.escape(text));
  }

  private void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
