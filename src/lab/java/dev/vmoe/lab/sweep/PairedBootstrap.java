package dev.vmoe.lab.sweep;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A difference of two settings over the same images, with its 95 % interval: images are drawn again
 * and again, with replacement, both settings of an image together.
 *
 * @see <a href="https://doi.org/10.1214/aos/1176344552">Efron, Bootstrap Methods: Another Look at
 *     the Jackknife, 1979</a>
 */
public final class PairedBootstrap {

  private static final int RESAMPLES = 2000;

  /**
   * A mean and where it lies with 95 % confidence.
   *
   * @param mean of the differences
   * @param low 2.5 % of the resampled means are below
   * @param high 2.5 % of them are above
   */
  public record Interval(double mean, double low, double high) {}

  private PairedBootstrap() {}

  /**
   * Returns the mean difference and its interval.
   *
   * @param left (images) score of each image
   * @param right (images) score of each image at the setting to compare with
   * @param seed of the draws
   */
  public static Interval difference(double[] left, double[] right, long seed) {
    if (left.length != right.length || left.length == 0) {
      throw new IllegalArgumentException(
          left.length + " scores cannot be paired with " + right.length);
    }
    double[] differences = new double[left.length];
    Arrays.setAll(differences, i -> left[i] - right[i]);
    SplittableRandom random = new SplittableRandom(seed);
    double[] means = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      double sum = 0;
      for (int i = 0; i < differences.length; i++) {
        sum += differences[random.nextInt(differences.length)];
      }
      means[r] = sum / differences.length;
    }
    Arrays.sort(means);
    return new Interval(
        Arrays.stream(differences).average().orElseThrow(),
        means[(int) (0.025 * RESAMPLES)],
        means[(int) (0.975 * RESAMPLES) - 1]);
  }
}
