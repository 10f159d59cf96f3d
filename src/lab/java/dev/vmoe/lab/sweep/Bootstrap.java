package dev.vmoe.lab.sweep;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * 95 % intervals of a mean over images by the percentile bootstrap: images are drawn with
 * replacement, as many as there are, again and again, and the interval is what 95 % of the means
 * lie in.
 *
 * <p>An image counts 1, -1 or 0, so drawing images is drawing from three counts.
 */
final class Bootstrap {

  /** Sets of images that are drawn. */
  private static final int RESAMPLES = 1000;

  /**
   * An interval.
   *
   * @param low lower end
   * @param high upper end
   */
  record Interval(double low, double high) {}

  private Bootstrap() {}

  /** Returns the interval of an accuracy. */
  static Interval ofShare(int correct, int images, long seed) {
    return ofDifference(correct, 0, images, seed);
  }

  /**
   * Returns the interval of the mean of a difference that is paired by image.
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
    int[] sums = new int[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      int sum = 0;
      for (int i = 0; i < images; i++) {
        int image = random.nextInt(images);
        sum += image < gained ? 1 : image < gained + lost ? -1 : 0;
      }
      sums[r] = sum;
    }
    Arrays.sort(sums);
    int tail = RESAMPLES / 40;
    return new Interval((double) sums[tail] / images, (double) sums[RESAMPLES - 1 - tail] / images);
  }
}
