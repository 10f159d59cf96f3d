package dev.vmoe.core.model;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The routing of one MoE layer, told choice by choice in double, from the description of the
 * algorithm alone: it shares no code with the graph, nor with the router that {@code moe} has.
 *
 * <p>Axes: N tokens of the batch, E experts, K experts a token, C slots an expert.
 */
final class PlainRouter {

  private PlainRouter() {}

  /**
   * What became of each choice.
   *
   * @param expert (N, K) experts with the largest gates, largest first
   * @param kept (N, K) whether the choice found a slot
   * @param margin how far the nearest decision is from the other way: the least difference of two
   *     gates that decides which expert is a token's k-th choice, or which of two tokens gets the
   *     last slot
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Routed(int[][] expert, boolean[][] kept, double margin) {}

  /** Returns C: the tokens' even share times the ratio, rounded up, then up to a multiple of 4. */
  static int slots(int tokens, int k, double ratio, int experts) {
    int slots = (int) Math.ceil(tokens * ratio * k / experts);
    return slots + (4 - slots % 4) % 4;
  }

  /**
   * Routes one group.
   *
   * @param gates (N, E)
   * @param slots C
   * @param priority whether the larger largest gate claims first; by position otherwise
   */
  static Routed route(double[][] gates, int k, int slots, boolean priority) {
    int tokens = gates.length;
    int experts = gates[0].length;
    double margin = Double.POSITIVE_INFINITY;
    int[][] expert = new int[tokens][];
    for (int token = 0; token < tokens; token++) {
      double[] gate = gates[token];
      int[] order = descending(gate);
      expert[token] = Arrays.copyOf(order, k);
      for (int choice = 0; choice < Math.min(k, experts - 1); choice++) {
        margin = Math.min(margin, gate[order[choice]] - gate[order[choice + 1]]);
      }
    }

    double[] largest = Arrays.stream(gates).mapToDouble(g -> max(g)).toArray();
    int[] claimants = priority ? descending(largest) : IntStream.range(0, tokens).toArray();
    boolean[][] kept = new boolean[tokens][k];
    int[] taken = new int[experts];
    for (int choice = 0; choice < k; choice++) {
      double[] lastKept = new double[experts]; // largest gate of who got an expert's last slot
      Arrays.fill(lastKept, Double.NaN);
      boolean[] refused = new boolean[experts];
      for (int token : claimants) {
        int wanted = expert[token][choice];
        if (taken[wanted] < slots) {
          taken[wanted]++;
          kept[token][choice] = true;
          lastKept[wanted] = largest[token];
        } else if (priority && !refused[wanted] && !Double.isNaN(lastKept[wanted])) {
          margin = Math.min(margin, lastKept[wanted] - largest[token]);
          refused[wanted] = true;
        }
      }
    }
    return new Routed(expert, kept, margin);
  }

  private static double max(double[] values) {
    return Arrays.stream(values).max().orElseThrow();
  }

  /** Returns positions by value, largest first; of equal values the lower position. */
  private static int[] descending(double[] values) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -values[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
