package dev.vmoe.lab.sweep;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;

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

  /** Sets of images that are drawn for counts, and for scores. */
  private static final int RESAMPLED_COUNTS = 1000;

  private static final int RESAMPLED_SCORES = 2000;

  /** Returns the interval of a share, by bootstrap. */
  static Interval ofShare(int correct, int images, long seed) {
    return ofDifference(correct, 0, images, seed);
  }

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
    return drawn(
        images,
        image -> image < gained ? 1 : image < gained + lost ? -1 : 0,
        (double) (gained - lost) / images,
        RESAMPLED_COUNTS,
        seed);
  }

  /**
   * Returns the interval of the mean difference of two settings over the same images, by bootstrap.
   *
   * @param left (images) score of each image
   * @param right (images) score of each image at the setting to compare with
   * @param seed of the draws
   */
  public static Interval ofPairs(double[] left, double[] right, long seed) {
    if (left.length != right.length || left.length == 0) {
      throw new IllegalArgumentException(
          left.length + " scores cannot be paired with " + right.length);
    }
    double[] differences = new double[left.length];
    Arrays.setAll(differences, i -> left[i] - right[i]);
    double mean = Arrays.stream(differences).average().orElseThrow();
    return drawn(left.length, i -> differences[i], mean, RESAMPLED_SCORES, seed);
  }

  /** Returns the normal approximation of {@link #ofDifference}. */
  static Interval normal(int gained, int lost, int images) {
    double n = images;
    double mean = (gained - lost) / n;
    double half = 1.96 * Math.sqrt(((gained + lost) / n - mean * mean) / n);
    return new Interval(mean, mean - half, mean + half);
  }

  private static Interval drawn(
      int images, IntToDoubleFunction value, double mean, int resamples, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] means = new double[resamples];
    for (int r = 0; r < resamples; r++) {
      double sum = 0;
      for (int i = 0; i < images; i++) {
        sum += value.applyAsDouble(random.nextInt(images));
      }
      means[r] = sum / images;
    }
    Arrays.sort(means);
    int tail = resamples / 40;
    return new Interval(mean, means[tail], means[resamples - 1 - tail]);
  }
}
