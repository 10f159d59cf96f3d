package dev.vmoe.lab.routing;

/**
 * Mutual information between the class of an image and the expert of a kept token choice, in bits.
 *
 * <pre>
 * I(class; expert) = Σ p(c, e) log2( p(c, e) / (p(c) p(e)) )
 * </pre>
 *
 * <p>With few images the estimate is above 0 by chance. If class and expert were independent, the
 * estimate from n independent choices would still be (C - 1)(E - 1) / (2 n ln 2) on average. But
 * the choices of one image depend on each other; in the worst case an image counts as one choice.
 * So n is the number of kept choices divided by the choices that an image makes before capacity:
 * the fewest images that they can come from. This gives an upper bound.
 *
 * @param bits estimate from the counts
 * @param chanceBits upper bound of the mean estimate by chance alone
 * @param maxBits largest possible value: the smaller entropy of classes and experts
 */
public record ClassInformation(double bits, double chanceBits, double maxBits) {

  private static final double LN_2 = Math.log(2);

  /** Returns the bits above chance; at least 0. */
  public double aboveChanceBits() {
    return Math.max(0, bits - chanceBits);
  }

  /**
   * Estimates from counts.
   *
   * @param counts (C, E) choices
   * @param imagesPerChoice images divided by all their choices before capacity
   */
  static ClassInformation of(long[][] counts, double imagesPerChoice) {
    int numExperts = counts.length == 0 ? 0 : counts[0].length;
    double[] classes = new double[counts.length];
    double[] experts = new double[numExperts];
    double all = 0;
    for (int c = 0; c < counts.length; c++) {
      for (int e = 0; e < numExperts; e++) {
        classes[c] += counts[c][e];
        experts[e] += counts[c][e];
        all += counts[c][e];
      }
    }
    if (all == 0) {
      return new ClassInformation(0, 0, 0);
    }
    double nats = 0;
    for (int c = 0; c < counts.length; c++) {
      for (int e = 0; e < numExperts; e++) {
        if (counts[c][e] > 0) {
          nats += counts[c][e] / all * Math.log(counts[c][e] * all / (classes[c] * experts[e]));
        }
      }
    }
    double freedom = (double) (used(classes) - 1) * (used(experts) - 1);
    return new ClassInformation(
        Math.max(0, nats / LN_2), // rounding can make 0 negative
        freedom / (2 * all * imagesPerChoice * LN_2),
        Math.min(entropy(classes, all), entropy(experts, all)));
  }

  private static int used(double[] sums) {
    int used = 0;
    for (double sum : sums) {
      used += sum > 0 ? 1 : 0;
    }
    return used;
  }

  private static double entropy(double[] sums, double all) {
    double nats = 0;
    for (double sum : sums) {
      nats -= sum > 0 ? sum / all * Math.log(sum / all) : 0;
    }
    return nats / LN_2;
  }
}
