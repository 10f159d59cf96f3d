package dev.vmoe.lab.chart;

import dev.vmoe.picture.Markup;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;

/**
 * A picture of lines with error bars, as SVG: text that a browser draws, and that looks the same
 * whatever fonts this machine has.
 */
public final class LineChart {

  private static final int WIDTH = 880;
  private static final int HEIGHT = 500;
  private static final int LEFT = 72;
  private static final int RIGHT = 660;
  private static final int TOP = 66;
  private static final int BOTTOM = 440;
  private static final int CAP = 4;

  private final String title;
  private final String subtitle;
  private final Axis x;
  private final Axis y;
  private final List<Series> series = new ArrayList<>();
  private final List<Level> levels = new ArrayList<>();

  /**
   * An axis.
   *
   * @param label what it shows, with its unit
   * @param logarithmic whether equal distances are equal ratios
   */
  public record Axis(String label, boolean logarithmic) {}

  /**
   * A value and what it may lie between.
   *
   * @param x place on the x axis
   * @param y value
   * @param low lower end of the error bar
   * @param high upper end
   */
  public record Point(double x, double y, double low, double high) {}

  /** How the points of a line are marked. */
  public enum Mark {
    /** A filled circle. */
    FILLED,
    /** A circle with a white inside. */
    OPEN,
    /** A filled diamond, larger than the circles. */
    DIAMOND
  }

  /**
   * A line.
   *
   * @param name name in the legend
   * @param colour an SVG colour
   * @param dashed whether the line is dashed
   * @param mark how its points are marked
   * @param points its points in their order
   */
  public record Series(String name, String colour, boolean dashed, Mark mark, List<Point> points) {}

  /**
   * A horizontal line over the whole width.
   *
   * @param name name in the legend
   * @param colour an SVG colour
   * @param y height of the line
   * @param low lower end of the shaded band around it
   * @param high upper end
   */
  public record Level(String name, String colour, double y, double low, double high) {}

  private record Range(double low, double high) {}

  /** Creates a picture without lines. */
  public LineChart(String title, String subtitle, Axis x, Axis y) {
    this.title = title;
    this.subtitle = subtitle;
    this.x = x;
    this.y = y;
  }

  /** Adds a line; the ones added later are drawn above the others. */
  public void add(Series added) {
    series.add(added);
  }

  /** Adds a horizontal line; it is drawn below the others. */
  public void add(Level added) {
    levels.add(added);
  }

  /** Returns the picture. */
  public String toSvg() {
    Range across = across();
    Range up = up();
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d"
                + " %d\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\""
                + " fill=\"#222\">\n<title>%s</title>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT, Markup.escape(title)));
    svg.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    text(svg, LEFT, 28, "start", "font-size=\"17\" font-weight=\"bold\"", title);
    text(svg, LEFT, 49, "start", "fill=\"#555\"", subtitle);
    axes(svg, across, up);
    for (Level level : levels) {
      draw(svg, level, up);
    }
    for (Series line : series) {
      draw(svg, line, across, up);
    }
    legend(svg);
    return svg.append("</svg>\n").toString();
  }

  private Range across() {
    DoubleSummaryStatistics all = new DoubleSummaryStatistics();
    series.forEach(line -> line.points().forEach(point -> all.accept(point.x())));
    return range(x, all);
  }

  private Range up() {
    DoubleSummaryStatistics all = new DoubleSummaryStatistics();
    for (Series line : series) {
      for (Point point : line.points()) {
        all.accept(point.low());
        all.accept(point.high());
      }
    }
    for (Level level : levels) {
      all.accept(level.low());
      all.accept(level.high());
    }
    return range(y, all);
  }

  /** Returns a little more than what the values take up. */
  private Range range(Axis axis, DoubleSummaryStatistics values) {
    if (values.getCount() == 0) {
      throw new IllegalStateException("a picture without points: " + title);
    }
    double least = values.getMin();
    double most = values.getMax();
    if (axis.logarithmic()) {
      return new Range(least / 1.1, most * 1.1);
    }
    double margin = most > least ? 0.05 * (most - least) : Math.max(1e-3, 0.05 * most);
    return new Range(least - margin, most + margin);
  }

  private void axes(StringBuilder svg, Range across, Range up) {
    for (double tick : ticks(x, across)) {
      double at = place(x, across, tick, LEFT, RIGHT);
      line(svg, at, TOP, at, BOTTOM, "#e4e4e4");
      text(svg, at, BOTTOM + 20, "middle", "", number(tick));
    }
    for (double tick : ticks(y, up)) {
      double at = height(up, tick);
      line(svg, LEFT, at, RIGHT, at, "#e4e4e4");
      text(svg, LEFT - 8, at + 4.5, "end", "", number(tick));
    }
    line(svg, LEFT, BOTTOM, RIGHT, BOTTOM, "#222");
    line(svg, LEFT, TOP, LEFT, BOTTOM, "#222");
    text(svg, (LEFT + RIGHT) / 2.0, BOTTOM + 44, "middle", "", x.label());
    double middle = (TOP + BOTTOM) / 2.0;
    text(
        svg,
        22,
        middle,
        "middle",
        "transform=\"rotate(-90 22 " + shortened(middle) + ")\"",
        y.label());
  }

  private void draw(StringBuilder svg, Series line, Range across, Range up) {
    svg.append("<g stroke=\"").append(line.colour()).append("\" fill=\"none\">\n");
    svg.append("<title>").append(Markup.escape(line.name())).append("</title>\n");
    StringBuilder path = new StringBuilder();
    for (Point point : line.points()) {
      path.append(path.isEmpty() ? "" : " ")
          .append(shortened(place(x, across, point.x(), LEFT, RIGHT)))
          .append(',')
          .append(shortened(height(up, point.y())));
    }
    svg.append("<polyline points=\"")
        .append(path)
        .append('"')
        .append(stroke(line.dashed()))
        .append("/>\n");
    for (Point point : line.points()) {
      double at = place(x, across, point.x(), LEFT, RIGHT);
      errorBar(svg, at, height(up, point.low()), height(up, point.high()));
      mark(svg, line, at, height(up, point.y()));
    }
    svg.append("</g>\n");
  }

  private void draw(StringBuilder svg, Level level, Range up) {
    double top = height(up, level.high());
    svg.append(
        String.format(
            Locale.ROOT,
            "<g stroke=\"%s\">\n<title>%s</title>\n<rect x=\"%d\" y=\"%.1f\" width=\"%d\""
                + " height=\"%.1f\" fill=\"%s\" fill-opacity=\"0.12\" stroke=\"none\"/>\n"
                + "<path d=\"M%d %.1fH%d\"%s/>\n</g>\n",
            level.colour(),
            Markup.escape(level.name()),
            LEFT,
            top,
            RIGHT - LEFT,
            height(up, level.low()) - top,
            level.colour(),
            LEFT,
            height(up, level.y()),
            RIGHT,
            stroke(true)));
  }

  private double height(Range up, double value) {
    return place(y, up, value, BOTTOM, TOP);
  }

  private static String stroke(boolean dashed) {
    return " stroke-width=\"2\"" + (dashed ? " stroke-dasharray=\"6 4\"" : "");
  }

  private static void errorBar(StringBuilder svg, double at, double low, double high) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<path d=\"M%.1f %.1fV%.1fM%.1f %.1fh%dM%.1f %.1fh%d\" stroke-opacity=\"0.6\"/>\n",
            at,
            low,
            high,
            at - CAP,
            low,
            2 * CAP,
            at - CAP,
            high,
            2 * CAP));
  }

  private static void mark(StringBuilder svg, Series line, double at, double height) {
    switch (line.mark()) {
      case FILLED, OPEN ->
          svg.append(
              String.format(
                  Locale.ROOT,
                  "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" stroke-width=\"1.6\" fill=\"%s\"/>\n",
                  at,
                  height,
                  line.mark() == Mark.OPEN ? "white" : line.colour()));
      case DIAMOND ->
          svg.append(
              String.format(
                  Locale.ROOT,
                  "<path d=\"M%.1f %.1fl7 7l-7 7l-7 -7z\" fill=\"%s\"/>\n",
                  at,
                  height - 7,
                  line.colour()));
    }
  }

  private void legend(StringBuilder svg) {
    int at = TOP + 12;
    for (Series line : series) {
      legend(svg, at, line.colour(), line.name(), line.points().size() > 1, line.dashed());
      svg.append("<g stroke=\"").append(line.colour()).append("\">\n");
      mark(svg, line, RIGHT + 33, at);
      svg.append("</g>\n");
      at += 25;
    }
    for (Level level : levels) {
      legend(svg, at, level.colour(), level.name(), true, true);
      at += 25;
    }
  }

  private static void legend(
      StringBuilder svg, int at, String colour, String name, boolean line, boolean dashed) {
    if (line) {
      svg.append(
          String.format(
              "<path d=\"M%d %dh34\" stroke=\"%s\"%s/>\n", RIGHT + 16, at, colour, stroke(dashed)));
    }
    text(svg, RIGHT + 58, at + 4.5, "start", "", name);
  }

  private static double place(Axis axis, Range range, double value, double from, double to) {
    double part =
        axis.logarithmic()
            ? Math.log(value / range.low()) / Math.log(range.high() / range.low())
            : (value - range.low()) / (range.high() - range.low());
    return from + part * (to - from);
  }

  /** Returns round values within the range, more of them where it is short. */
  private static List<Double> ticks(Axis axis, Range range) {
    List<Double> ticks = new ArrayList<>();
    if (axis.logarithmic()) {
      int[] digits = range.high() / range.low() < 200 ? new int[] {1, 2, 3, 5, 7} : new int[] {1};
      for (int power = (int) Math.floor(Math.log10(range.low())); ; power++) {
        for (int digit : digits) {
          double tick = digit * Math.pow(10, power);
          if (tick > range.high() * (1 + 1e-9)) {
            return ticks;
          }
          if (tick >= range.low() * (1 - 1e-9)) {
            ticks.add(tick);
          }
        }
      }
    }
    double step = step((range.high() - range.low()) / 7);
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

  private static void line(
      StringBuilder svg, double x1, double y1, double x2, double y2, String colour) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
            x1,
            y1,
            x2,
            y2,
            colour));
  }

  private static void text(
      StringBuilder svg, double x, double y, String anchor, String attributes, String text) {
    svg.append(
        String.format(
            "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\"%s>%s</text>\n",
            shortened(x),
            shortened(y),
            anchor,
            attributes.isEmpty() ? "" : " " + attributes,
            Markup.escape(text)));
  }

  private static String shortened(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  /** Returns a tick's value with as many digits as it needs. */
  private static String number(double value) {
    String digits = String.format(Locale.ROOT, "%.4f", value).replaceAll("0+$", "");
    return digits.endsWith(".") ? digits.substring(0, digits.length() - 1) : digits;
  }
}
