package dev.vmoe.lab.sweep;

import java.util.Arrays;
import java.util.List;

/** How the runs of a setting become its figures. */
public interface Statistics {

  /**
   * Returns a paired difference of accuracies.
   *
   * @param gained images that are right here and wrong there
   * @param lost images that are wrong here and right there
   * @param images all images
   */
  Interval difference(int gained, int lost, int images);

  /**
   * Returns the figure of all slices.
   *
   * @param figures (slices) figure of each slice
   * @param images (slices) images of each slice
   */
  double overSlices(double[] figures, int[] images);

  /** Means, and intervals by the normal approximation. */
  Statistics MEANS =
      new Statistics() {
        @Override
        public Interval difference(int gained, int lost, int images) {
          return Interval.normal(gained, lost, images);
        }

        @Override
        public double overSlices(double[] figures, int[] images) {
          double sum = 0;
          long all = 0;
          for (int slice = 0; slice < figures.length; slice++) {
            sum += figures[slice] * images[slice];
            all += images[slice];
          }
          return sum / all;
        }
      };

  /** Returns medians, which a disturbed slice does not move, and intervals by bootstrap. */
  static Statistics medians(long seed) {
    return new Statistics() {
      @Override
      public Interval difference(int gained, int lost, int images) {
        return Interval.ofDifference(gained, lost, images, seed);
      }

      @Override
      public double overSlices(double[] figures, int[] images) {
        return median(figures);
      }
    };
  }

  /** Returns the median; the mean of the middle two of an even number. */
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** Returns the median; the mean of the middle two of an even number. */
  static double median(List<Double> values) {
    return median(values.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
