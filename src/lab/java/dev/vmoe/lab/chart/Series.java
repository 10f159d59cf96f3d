package dev.vmoe.lab.chart;

import java.util.List;

/**
 * A line of a chart.
 *
 * @param name name in the legend
 * @param colour an SVG colour
 * @param dashed whether the line is dashed
 * @param mark how its points are marked
 * @param points its points in their order
 */
public record Series(
    String name, String colour, boolean dashed, Mark mark, List<ChartPoint> points) {

  /** How the points of a line are marked. */
  public enum Mark {
    /** Not at all, and without error bars. */
    NONE,
    /** A filled circle. */
    FILLED,
    /** A circle with a white inside. */
    OPEN,
    /** A filled diamond, larger than the circles. */
    DIAMOND
  }

  /**
   * A value and its error bar.
   *
   * @param x place on the x axis
   * @param y value
   * @param low lower end of the error bar
   * @param high upper end
   */
  public record ChartPoint(double x, double y, double low, double high) {

    /** Returns a value without an error bar. */
    public static ChartPoint of(double x, double y) {
      return new ChartPoint(x, y, y, y);
    }
  }
}
