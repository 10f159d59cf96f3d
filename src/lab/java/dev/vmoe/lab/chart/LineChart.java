package dev.vmoe.lab.chart;

import dev.vmoe.lab.chart.Series.ChartPoint;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;

/** A picture of lines with error bars. */
public final class LineChart {

  private static final int WIDTH = 880;
  private static final int HEIGHT = 500;
  private static final int LEFT = 72;
  private static final int RIGHT = 660;
  private static final int TOP = 66;
  private static final int BOTTOM = 440;
  private static final int LEGEND_STEP = 25;
  private static final int TICKS = 7;

  private final String title;
  private final String subtitle;
  private final Axis x;
  private final Axis y;
  private final List<Series> series = new ArrayList<>();
  private final List<ReferenceLine> levels = new ArrayList<>();

  /**
   * A horizontal line over the whole width.
   *
   * @param name name in the legend
   * @param colour an SVG colour
   * @param y height of the line
   * @param low lower end of the shaded band around it
   * @param high upper end
   */
  public record ReferenceLine(String name, String colour, double y, double low, double high) {}

  /** Creates a picture without lines. */
  public LineChart(String title, String subtitle, Axis x, Axis y) {
    this.title = title;
    this.subtitle = subtitle;
    this.x = x;
    this.y = y;
  }

  /** Adds a line if it has points; the ones added later are drawn above the others. */
  public void add(Series added) {
    if (!added.points().isEmpty()) {
      series.add(added);
    }
  }

  /** Adds a horizontal line; it is drawn below the others. */
  public void add(ReferenceLine added) {
    levels.add(added);
  }

  /** Returns the picture. */
  public String toSvg() {
    DoubleSummaryStatistics across = new DoubleSummaryStatistics();
    DoubleSummaryStatistics up = new DoubleSummaryStatistics();
    for (Series line : series) {
      for (ChartPoint point : line.points()) {
        across.accept(point.x());
        up.accept(point.low());
        up.accept(point.high());
      }
    }
    for (ReferenceLine level : levels) {
      up.accept(level.low());
      up.accept(level.high());
    }
    Plot plot = new Plot(x.around(across), y.around(up), LEFT, RIGHT, TOP, BOTTOM);
    Svg svg = new Svg(WIDTH, HEIGHT, LEFT, title);
    svg.text(LEFT, 49, "start", "fill=\"#555\"", subtitle);
    plot.drawAxes(svg, TICKS, TICKS);
    svg.text((LEFT + RIGHT) / 2.0, BOTTOM + 44, "middle", "", x.label());
    levels.forEach(level -> plot.draw(svg, level));
    series.forEach(line -> plot.draw(svg, line));
    drawLegend(svg);
    return svg.end();
  }

  private void drawLegend(Svg svg) {
    int at = TOP + 12;
    for (Series line : series) {
      if (line.points().size() > 1) {
        drawSample(svg, at, line.colour(), line.dashed());
      }
      svg.add("<g stroke=\"%s\">", line.colour());
      Plot.drawMark(svg, line, RIGHT + 33, at);
      svg.add("</g>");
      svg.text(RIGHT + 58, at + 4.5, "start", "", line.name());
      at += LEGEND_STEP;
    }
    for (ReferenceLine level : levels) {
      drawSample(svg, at, level.colour(), true);
      svg.text(RIGHT + 58, at + 4.5, "start", "", level.name());
      at += LEGEND_STEP;
    }
  }

  private static void drawSample(Svg svg, int at, String colour, boolean dashed) {
    svg.add("<path d=\"M%d %dh34\" stroke=\"%s\"%s/>", RIGHT + 16, at, colour, Plot.stroke(dashed));
  }
}
