package dev.vmoe.lab.routing;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The order of classes and experts in a map that puts related ones next to each other: if class and
 * expert correlate, the map is dark along the diagonal.
 *
 * <p>Experts are ordered by correspondence analysis, along the strongest direction of S. The map P
 * (C, E) has every row scaled to the same sum; r and k are its sums of rows and columns.
 *
 * <pre>
 * S = (P - r kᵀ) / sqrt(r kᵀ)        (C, E)
 * </pre>
 *
 * <p>So experts for similar classes are neighbours. A class is placed at the expert that it prefers
 * most, compared with the other classes; the strongest preference comes first. The order depends on
 * the map alone.
 *
 * @param classes (C) class of each row
 * @param experts (E) expert of each column
 */
@SuppressWarnings("ArrayRecordComponent")
record MapOrder(int[] classes, int[] experts) {

  private static final int STEPS = 500;

  /**
   * Orders a map.
   *
   * @param weights (C, E), at least 0
   */
  static MapOrder of(double[][] weights) {
    int numClasses = weights.length;
    int numExperts = numClasses == 0 ? 0 : weights[0].length;
    double[][] shares = shares(weights);
    double[] columns = columnMeans(shares, numExperts);
    double[][] preference = new double[numClasses][numExperts];
    for (int c = 0; c < numClasses; c++) {
      for (int e = 0; e < numExperts; e++) {
        preference[c][e] =
            columns[e] == 0 ? 0 : (shares[c][e] - columns[e]) / Math.sqrt(columns[e]);
      }
    }
    double[] direction = strongestDirection(preference, numExperts);
    int[] experts =
        sorted(
            numExperts,
            Comparator.<Integer>comparingDouble(
                e -> columns[e] == 0 ? Double.MAX_VALUE : direction[e] / Math.sqrt(columns[e])));
    int[] place = new int[numExperts];
    for (int i = 0; i < numExperts; i++) {
      place[experts[i]] = i;
    }
    int[] favourite = new int[numClasses];
    for (int c = 0; c < numClasses; c++) {
      for (int e = 1; e < numExperts; e++) {
        favourite[c] = preference[c][e] > preference[c][favourite[c]] ? e : favourite[c];
      }
    }
    int[] classes =
        sorted(
            numClasses,
            Comparator.<Integer>comparingInt(c -> place[favourite[c]])
                .thenComparingDouble(c -> -preference[c][favourite[c]]));
    return new MapOrder(classes, experts);
  }

  private static double[][] shares(double[][] weights) {
    double[][] shares = new double[weights.length][];
    for (int c = 0; c < weights.length; c++) {
      double sum = Arrays.stream(weights[c]).sum();
      shares[c] = Arrays.stream(weights[c]).map(w -> sum == 0 ? 0 : w / sum).toArray();
    }
    return shares;
  }

  private static double[] columnMeans(double[][] shares, int numExperts) {
    double[] means = new double[numExperts];
    for (double[] row : shares) {
      for (int e = 0; e < numExperts; e++) {
        means[e] += row[e] / shares.length;
      }
    }
    return means;
  }

  /** Returns the first right singular vector (E), by power iteration from a fixed start. */
  private static double[] strongestDirection(double[][] matrix, int numExperts) {
    double[] vector = new double[numExperts];
    for (int e = 0; e < numExperts; e++) {
      vector[e] = 1.0 / (e + 1);
    }
    for (int step = 0; step < STEPS; step++) {
      double[] next = new double[numExperts];
      for (double[] row : matrix) {
        double along = 0;
        for (int e = 0; e < numExperts; e++) {
          along += row[e] * vector[e];
        }
        for (int e = 0; e < numExperts; e++) {
          next[e] += row[e] * along;
        }
      }
      double length = Math.sqrt(Arrays.stream(next).map(v -> v * v).sum());
      if (length < 1e-12) {
        return vector; // all classes are alike: any order will do
      }
      for (int e = 0; e < numExperts; e++) {
        vector[e] = next[e] / length;
      }
    }
    return vector;
  }

  private static int[] sorted(int count, Comparator<Integer> order) {
    return IntStream.range(0, count).boxed().sorted(order).mapToInt(i -> i).toArray();
  }
}
