package dev.vmoe.core.moe;

/**
 * Capacity arithmetic: how many slots an expert gets, and what ratio that is in effect.
 *
 * <p>Axes: N tokens of the group, K experts a token, E experts, C slots an expert.
 *
 * @see <a href="https://arxiv.org/abs/2106.05974">Scaling Vision with Sparse Mixture of Experts,
 *     section 2.3</a>
 */
public final class Capacity {

  /** Slots an expert are a multiple of this. */
  public static final int MULTIPLE = 4;

  private Capacity() {}

  /**
   * Returns C = ceil(N·K·ratio / E), rounded up to a multiple of {@value #MULTIPLE}.
   *
   * @param numTokens N, at least 1
   * @param expertsPerToken K
   * @param capacityRatio requested ratio, above 0
   * @param numExperts E
   */
  public static int slots(
      int numTokens, int expertsPerToken, double capacityRatio, int numExperts) {
    if (numTokens < 1 || expertsPerToken < 1 || numExperts < 1 || !(capacityRatio > 0)) {
      throw new IllegalArgumentException(
          String.format(
              "no capacity for %d tokens, K %d, ratio %s, %d experts",
              numTokens, expertsPerToken, capacityRatio, numExperts));
    }
    double slots = Math.ceil((double) numTokens * expertsPerToken * capacityRatio / numExperts);
    double rounded = Math.ceil(slots / MULTIPLE) * MULTIPLE;
    if (rounded > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          String.format(
              "capacity ratio %s gives %.0f slots an expert, more than %d",
              capacityRatio, rounded, Integer.MAX_VALUE));
    }
    return (int) rounded;
  }

  /** Returns the ratio that {@code slots} slots an expert amount to: C·E / (N·K). */
  public static double effectiveRatio(
      int slots, int numTokens, int expertsPerToken, int numExperts) {
    return (double) slots * numExperts / ((double) numTokens * expertsPerToken);
  }
}
