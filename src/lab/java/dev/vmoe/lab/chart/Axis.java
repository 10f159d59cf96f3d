package dev.vmoe.lab.chart;

import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;

/**
 * An axis of a chart.
 *
 * @param label what it shows, with its unit
 * @param logarithmic whether equal distances are equal ratios
 */
public record Axis(String label, boolean logarithmic) {

  /** Logarithmic axes that span a larger ratio have ticks at powers of ten alone. */
  private static final double WIDE = 200;

  /** Returns the part of the axis that a chart shows. */
  public Scale scale(double low, double high) {
    return new Scale(this, low, high);
  }

  /** Returns a scale with a little more than what the values take up. */
  Scale around(DoubleSummaryStatistics values) {
    if (values.getCount() == 0) {
      throw new IllegalStateException("no points on the axis '" + label + "'");
    }
    double min = values.getMin();
    double max = values.getMax();
    if (logarithmic) {
      return scale(min / 1.1, max * 1.1);
    }
    double margin = max > min ? 0.05 * (max - min) : Math.max(1e-3, 0.05 * max);
    return scale(min - margin, max + margin);
  }

  /** The part of an axis that a chart shows, from {@code low} to {@code high}. */
  public record Scale(Axis axis, double low, double high) {

    /** Returns where a value lies when the scale is drawn from one pixel to another. */
    double place(double value, double from, double to) {
      double part =
          axis.logarithmic()
              ? Math.log(value / low) / Math.log(high / low)
              : (value - low) / (high - low);
      return from + part * (to - from);
    }

    /**
     * Returns round values within the range: digits times powers of ten.
     *
     * @param intervals maximum number of intervals on a linear axis; a logarithmic one has its
     *     ticks at 1, 2 and 5, with more than five intervals at 1, 2, 3, 5 and 7
     */
    List<Double> ticks(int intervals) {
      List<Double> ticks = new ArrayList<>();
      if (!axis.logarithmic()) {
        double step = step((high - low) / intervals);
        for (double n = Math.ceil(low / step); n * step <= high; n++) {
          ticks.add(n * step);
        }
        return ticks;
      }
      int[] few = intervals > 5 ? new int[] {1, 2, 3, 5, 7} : new int[] {1, 2, 5};
      int[] digits = high / low < WIDE ? few : new int[] {1};
      for (int power = (int) Math.floor(Math.log10(low)); Math.pow(10, power) <= high; power++) {
        for (int digit : digits) {
          double tick = digit * Math.pow(10, power);
          if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) {
            ticks.add(tick);
          }
        }
      }
      return ticks;
    }

    /** Returns the smallest of 1, 2 and 5 times a power of ten that is at least this. */
    private static double step(double min) {
      double power = Math.pow(10, Math.floor(Math.log10(min)));
      for (int digit : new int[] {1, 2, 5}) {
        if (digit * power >= min) {
          return digit * power;
        }
      }
      return 10 * power;
    }
  }
}
