package dev.vmoe.profile;

/**
 * How much the expert that a token choice goes to tells of the class of its image, in bits: the
 * mutual information of class and expert over the choices that were kept.
 *
 * <pre>
 * I(class; expert) = Σ p(c, e) log2( p(c, e) / (p(c) p(e)) )
 * </pre>
 *
 * <p>Few images seem to tell something by chance. If class and expert had nothing to do with each
 * other, the estimate from n independent choices would still be (C - 1)(E - 1) / (2 n ln 2) on
 * average. The choices of one image are anything but independent; at worst an image counts for no
 * more than one choice. So n is taken to be the number of images that as many choices as were kept
 * can come from if none was dropped of theirs, which makes this an upper bound.
 *
 * @param bits estimate from the counts
 * @param chanceBits what chance alone would give at most, on average
 * @param mostBits the lesser entropy of classes and experts: what it could be at most
 */
public record ClassInformation(double bits, double chanceBits, double mostBits) {

  private static final double LN_2 = Math.log(2);

  /** Returns what is left above chance; never less than 0. */
  public double aboveChanceBits() {
    return Math.max(0, bits - chanceBits);
  }

  /**
   * Estimates from counts.
   *
   * @param counts (C, E) choices
   * @param imagesPerChoice images over the choices that they made before any was dropped
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
        Math.max(0, nats / LN_2), // rounding leaves less than nothing where there is nothing
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
