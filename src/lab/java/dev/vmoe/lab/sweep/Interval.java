package dev.vmoe.lab.sweep;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A mean over images and its 95 % interval.
 *
 * <p>The percentile bootstrap draws images with replacement, as many as there are, again and again:
 * 95 % of the means lie in the interval. Both settings of a paired difference keep their image.
 *
 * @param mean of all images
 * @param low lower end
 * @param high upper end
 * @see <a href="https://doi.org/10.1214/aos/1176344552">Efron, Bootstrap Methods: Another Look at
 *     the Jackknife, 1979</a>
 */
public record Interval(double mean, double low, double high) {

  /** Sets of images that are drawn. */
  private static final int RESAMPLES = 1000;

  /**
   * Returns the interval of the mean of a difference that is paired by image, by bootstrap. An
   * image counts 1, -1 or 0, so drawing images is drawing from three counts.
   *
   * @param gained images that count 1
   * @param lost images that count -1
   * @param images all images, at least 1
   */
  static Interval ofDifference(int gained, int lost, int images, long seed) {
    if (images < 1 || gained < 0 || lost < 0 || gained + lost > images) {
      throw new IllegalArgumentException(
          gained + " images gained and " + lost + " lost of " + images);
    }
    SplittableRandom random = new SplittableRandom(seed);
    double[] means = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      double sum = 0;
      for (int i = 0; i < images; i++) {
        int image = random.nextInt(images);
        sum += image < gained ? 1 : image < gained + lost ? -1 : 0;
      }
      means[r] = sum / images;
    }
    Arrays.sort(means);
    int tail = RESAMPLES / 40;
    double mean = (double) (gained - lost) / images;
    return new Interval(mean, means[tail], means[RESAMPLES - 1 - tail]);
  }

  /** Returns the normal approximation of {@link #ofDifference}. */
  static Interval normal(int gained, int lost, int images) {
    double n = images;
    double mean = (gained - lost) / n;
    double half = 1.96 * Math.sqrt(((gained + lost) / n - mean * mean) / n);
    return new Interval(mean, mean - half, mean + half);
  }
}
