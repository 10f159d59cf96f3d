package dev.vmoe.core.moe;

import java.util.Arrays;

/**
 * Where each token choice of one MoE layer goes: its expert and its slot in that expert's buffer.
 *
 * <p>Axes: N tokens of the group, K choices a token, E experts, C slots an expert. Gates are not
 * renormalised: a kept choice weighs its expert's output with the gate as the router gave it.
 */
public final class DispatchPlan {

  /** Slot of a choice that found its expert full. */
  public static final int DROPPED = -1;

  private final float[] gates; // (N, E)
  private final int numExperts;
  private final int expertsPerToken;
  private final int[] experts; // (N, K)
  private final int[] slots; // (N, K)

  /** Takes the arrays over without a copy. */
  DispatchPlan(float[] gates, int numExperts, int expertsPerToken, int[] experts, int[] slots) {
    this.gates = gates;
    this.numExperts = numExperts;
    this.expertsPerToken = expertsPerToken;
    this.experts = experts;
    this.slots = slots;
  }

  /** Returns N. */
  public int numTokens() {
    return gates.length / numExperts;
  }

  /** Returns E. */
  public int numExperts() {
    return numExperts;
  }

  /** Returns K. */
  public int expertsPerToken() {
    return expertsPerToken;
  }

  /** Returns the expert of a token's choice; choice 0 has the largest gate. */
  public int expert(int token, int choice) {
    return experts[token * expertsPerToken + choice];
  }

  /** Returns the slot of a token's choice in its expert's buffer, or {@link #DROPPED}. */
  public int slot(int token, int choice) {
    return slots[token * expertsPerToken + choice];
  }

  /** Returns whether a token's choice found a slot. */
  public boolean kept(int token, int choice) {
    return slot(token, choice) != DROPPED;
  }

  /** Returns the gate of a token's choice, dropped or not. */
  public float gate(int token, int choice) {
    return gates[token * numExperts + expert(token, choice)];
  }

  /** Returns how many of a token's K choices found a slot. */
  public int keptChoices(int token) {
    int kept = 0;
    for (int choice = 0; choice < expertsPerToken; choice++) {
      kept += kept(token, choice) ? 1 : 0;
    }
    return kept;
  }

  /** Returns (E) the choices of each expert before capacity. */
  public int[] assigned() {
    return countsByImage(numTokens()).assigned();
  }

  /** Returns (E) the choices of each expert that found a slot. */
  public int[] dispatched() {
    return countsByImage(numTokens()).dispatched();
  }

  /** Returns the tokens that found no slot; they pass through the residual only. */
  public int skippedTokens() {
    return Arrays.stream(countsByImage(numTokens()).skipped()).sum();
  }

  /**
   * Returns what the plan does to each image, as counts of one layer.
   *
   * @param tokensPerImage T; image b has the tokens from b·T
   */
  public RoutingCounts countsByImage(int tokensPerImage) {
    int numTokens = numTokens();
    if (numTokens == 0 || tokensPerImage < 1 || numTokens % tokensPerImage != 0) {
      throw new IllegalArgumentException(
          String.format("%d tokens are no whole images of %d", numTokens, tokensPerImage));
    }
    int numImages = numTokens / tokensPerImage;
    int[] assigned = new int[numImages * numExperts];
    int[] dispatched = new int[numImages * numExperts];
    double[] gateSum = new double[numImages * numExperts];
    double[] importance = new double[numImages * numExperts];
    int[] skipped = new int[numImages];
    for (int token = 0; token < numTokens; token++) {
      int image = token / tokensPerImage;
      for (int expert = 0; expert < numExperts; expert++) {
        importance[image * numExperts + expert] += gates[token * numExperts + expert];
      }
      for (int choice = 0; choice < expertsPerToken; choice++) {
        int at = image * numExperts + expert(token, choice);
        assigned[at]++;
        if (kept(token, choice)) {
          dispatched[at]++;
          gateSum[at] += gate(token, choice);
        }
      }
      if (keptChoices(token) == 0) {
        skipped[image]++;
      }
    }
    return new RoutingCounts(
        numImages,
        1,
        numExperts,
        assigned,
        dispatched,
        toFloats(gateSum),
        toFloats(importance),
        skipped);
  }

  private static float[] toFloats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
