package dev.vmoe.core.moe;

import java.util.Arrays;

/**
 * Routing of one MoE layer in plain Java: gates in, {@link DispatchPlan} out. The graph is held
 * against it.
 *
 * <p>Axes: N tokens of the group, E experts, K choices a token, C slots an expert.
 *
 * <pre>
 *   gates (N, E) ─ largest K ─▶ choices (N, K) ─ claim in order ─▶ slots (N, K), −1 where dropped
 * </pre>
 *
 * <p>All first choices claim before any second choice. Within one choice, {@link Routing#VANILLA}
 * goes by position and {@link Routing#BATCH_PRIORITY} by {@link #priorityKey}, larger first, the
 * earlier token first among equals.
 *
 * @see <a href="https://arxiv.org/abs/2106.05974">Scaling Vision with Sparse Mixture of Experts,
 *     sections 2.3 and 4</a>
 */
public final class ReferenceRouter {

  private ReferenceRouter() {}

  /**
   * Routes one group of tokens.
   *
   * @param gates (N, E), softmax router probabilities in C order
   * @param numExperts E
   * @param expertsPerToken K, from 1 to E
   * @param slots C, the places in each expert's buffer
   * @param routing order in which choices claim slots
   * @param tokenPriority (N), multiplies a token's largest gate under batch priority; all ones is
   *     the paper's order
   * @throws IllegalArgumentException if the shapes do not fit or a value is no gate or no priority
   */
  public static DispatchPlan route(
      float[] gates,
      int numExperts,
      int expertsPerToken,
      int slots,
      Routing routing,
      float[] tokenPriority) {
    check(gates, numExperts, expertsPerToken, slots, tokenPriority);
    int numTokens = tokenPriority.length;

    int[] experts = new int[numTokens * expertsPerToken]; // (N, K)
    for (int token = 0; token < numTokens; token++) {
      chooseExperts(gates, numExperts, expertsPerToken, token, experts);
    }

    int[] order =
        routing == Routing.VANILLA
            ? positions(numTokens)
            : byPriority(gates, numExperts, experts, expertsPerToken, tokenPriority);

    int[] slotOfChoice = new int[numTokens * expertsPerToken]; // (N, K)
    int[] claimed = new int[numExperts];
    for (int rank = 0; rank < expertsPerToken; rank++) {
      for (int token : order) {
        int choice = token * expertsPerToken + rank;
        int expert = experts[choice];
        slotOfChoice[choice] = claimed[expert] < slots ? claimed[expert]++ : DispatchPlan.DROPPED;
      }
    }
    return new DispatchPlan(gates.clone(), numExperts, expertsPerToken, experts, slotOfChoice);
  }

  /** Routes one group of tokens of equal priority. */
  public static DispatchPlan route(
      float[] gates, int numExperts, int expertsPerToken, int slots, Routing routing) {
    float[] tokenPriority = new float[numExperts < 1 ? 0 : gates.length / numExperts];
    Arrays.fill(tokenPriority, 1);
    return route(gates, numExperts, expertsPerToken, slots, routing, tokenPriority);
  }

  /**
   * Returns the sort key of a token under batch priority: its largest gate times its priority,
   * rounded to fp32, in units of 2<sup>-30</sup>, rounded down, within 0 to {@value
   * #RoutingLimits.MAX_PRIORITY_KEY}. An integer, so that every device orders tokens alike.
   */
  public static long priorityKey(float largestGate, float priority) {
    float product = largestGate * priority;
    double key = Math.floor((double) product * RoutingLimits.MAX_PRIORITY_KEY);
    return (long) Math.max(0, Math.min(RoutingLimits.MAX_PRIORITY_KEY, key));
  }

  /** Writes a token's K experts with the largest gates, best first, ties to the lower index. */
  private static void chooseExperts(
      float[] gates, int numExperts, int expertsPerToken, int token, int[] experts) {
    boolean[] chosen = new boolean[numExperts];
    for (int rank = 0; rank < expertsPerToken; rank++) {
      int best = -1;
      for (int expert = 0; expert < numExperts; expert++) {
        if (!chosen[expert]
            && (best < 0
                || gates[token * numExperts + expert] > gates[token * numExperts + best])) {
          best = expert;
        }
      }
      chosen[best] = true;
      experts[token * expertsPerToken + rank] = best;
    }
  }

  private static int[] positions(int numTokens) {
    int[] order = new int[numTokens];
    Arrays.setAll(order, token -> token);
    return order;
  }

  /** Returns the tokens by key, largest first, then by position: one sort of (key, position). */
  private static int[] byPriority(
      float[] gates, int numExperts, int[] experts, int expertsPerToken, float[] tokenPriority) {
    long[] keyed = new long[tokenPriority.length];
    Arrays.setAll(
        keyed,
        token -> {
          float largestGate = gates[token * numExperts + experts[token * expertsPerToken]];
          long key = priorityKey(largestGate, tokenPriority[token]);
          return (RoutingLimits.MAX_PRIORITY_KEY - key) << Integer.SIZE | token;
        });
    Arrays.sort(keyed);
    return Arrays.stream(keyed).mapToInt(entry -> (int) entry).toArray();
  }

  private static void check(
      float[] gates, int numExperts, int expertsPerToken, int slots, float[] tokenPriority) {
    if (numExperts < 1 || (long) tokenPriority.length * numExperts != gates.length) {
      throw new IllegalArgumentException(
          String.format(
              "%d gates are not %d tokens × %d experts",
              gates.length, tokenPriority.length, numExperts));
    }
    if (expertsPerToken < 1 || expertsPerToken > numExperts) {
      throw new IllegalArgumentException(
          String.format("K %d outside 1 to %d experts", expertsPerToken, numExperts));
    }
    if (slots < 0) {
      throw new IllegalArgumentException(slots + " slots an expert");
    }
    for (int i = 0; i < gates.length; i++) {
      if (!(gates[i] >= 0) || gates[i] == Float.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            String.format(
                "gate %s of token %d for expert %d", gates[i], i / numExperts, i % numExperts));
      }
    }
    for (int token = 0; token < tokenPriority.length; token++) {
      if (!Float.isFinite(tokenPriority[token])) {
        throw new IllegalArgumentException(
            String.format("priority %s of token %d", tokenPriority[token], token));
      }
    }
  }
}
