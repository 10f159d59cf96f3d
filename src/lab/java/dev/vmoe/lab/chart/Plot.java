package dev.vmoe.lab.chart;

import dev.vmoe.app.picture.Markup;
import dev.vmoe.lab.chart.Axis.Scale;
import dev.vmoe.lab.chart.Series.ChartPoint;
import dev.vmoe.lab.chart.Series.Mark;
import java.util.Locale;

/** The area of a chart between its axes, and what is drawn in it. Distances are pixels. */
public record Plot(Scale x, Scale y, int left, int right, int top, int bottom) {

  private static final String GREY = "#e4e4e4";

  /** Half the width of an error bar's ends. */
  private static final int CAP = 4;

  private double across(double value) {
    return x.place(value, left, right);
  }

  private double height(double value) {
    return y.place(value, bottom, top);
  }

  /**
   * Draws grid, ticks and the label of the y axis; that of the x axis is left to the chart.
   *
   * @param xTicks maximum number of intervals on the x axis
   * @param yTicks maximum number of intervals on the y axis
   */
  public void drawAxes(Svg svg, int xTicks, int yTicks) {
    for (double tick : x.ticks(xTicks)) {
      svg.add("<path d=\"M%.1f %dV%d\" stroke=\"%s\"/>", across(tick), top, bottom, GREY);
      svg.text(across(tick), bottom + 18, "middle", "", number(tick));
    }
    for (double tick : y.ticks(yTicks)) {
      svg.add("<path d=\"M%d %.1fH%d\" stroke=\"%s\"/>", left, height(tick), right, GREY);
      svg.text(left - 8, height(tick) + 4.5, "end", "", number(tick));
    }
    svg.add("<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#222\"/>", left, top, bottom, right);
    double middle = (top + bottom) / 2.0;
    String upright = String.format(Locale.ROOT, "transform=\"rotate(-90 22 %.1f)\"", middle);
    svg.text(22, middle, "middle", upright, y.axis().label());
  }

  /** Draws a line, its error bars and marks. */
  public void draw(Svg svg, Series line) {
    svg.add("<g stroke=\"%s\" fill=\"none\">", line.colour());
    svg.add("<title>%s</title>", Markup.escape(line.name()));
    StringBuilder path = new StringBuilder();
    for (ChartPoint point : line.points()) {
      path.append(path.isEmpty() ? "" : " ")
          .append(String.format(Locale.ROOT, "%.1f,%.1f", across(point.x()), height(point.y())));
    }
    svg.add("<polyline points=\"%s\"%s/>", path, stroke(line.dashed()));
    if (line.mark() != Mark.NONE) {
      for (ChartPoint point : line.points()) {
        drawErrorBar(svg, point);
        drawMark(svg, line, across(point.x()), height(point.y()));
      }
    }
    svg.add("</g>");
  }

  /** Draws a horizontal line over the whole width, and the band around it. */
  void draw(Svg svg, LineChart.ReferenceLine level) {
    double above = height(level.high());
    svg.add("<g stroke=\"%s\">", level.colour());
    svg.add("<title>%s</title>", Markup.escape(level.name()));
    svg.add(
        "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"%s\" fill-opacity=\"0.12\""
            + " stroke=\"none\"/>",
        left, above, right - left, height(level.low()) - above, level.colour());
    svg.add("<path d=\"M%d %.1fH%d\"%s/>", left, height(level.y()), right, stroke(true));
    svg.add("</g>");
  }

  private void drawErrorBar(Svg svg, ChartPoint point) {
    double at = across(point.x());
    double low = height(point.low());
    double high = height(point.high());
    svg.add(
        "<path d=\"M%1$.1f %2$.1fV%3$.1fM%4$.1f %2$.1fh%5$dM%4$.1f %3$.1fh%5$d\""
            + " stroke-opacity=\"0.6\"/>",
        at, low, high, at - CAP, 2 * CAP);
  }

  static void drawMark(Svg svg, Series line, double at, double height) {
    if (line.mark() == Mark.DIAMOND) {
      svg.add(
          "<path d=\"M%.1f %.1fl7 7l-7 7l-7 -7z\" fill=\"%s\"/>", at, height - 7, line.colour());
    } else {
      svg.add(
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" stroke-width=\"1.6\" fill=\"%s\"/>",
          at, height, line.mark() == Mark.OPEN ? "white" : line.colour());
    }
  }

  /** Returns the attributes of a line's stroke. */
  static String stroke(boolean dashed) {
    return " stroke-width=\"2\"" + (dashed ? " stroke-dasharray=\"6 4\"" : "");
  }

  /** Returns a tick's value with as many digits as it needs. */
  private static String number(double value) {
    String digits = String.format(Locale.ROOT, "%,.4f", value).replaceAll("0+$", "");
    return digits.endsWith(".") ? digits.substring(0, digits.length() - 1) : digits;
  }
}
