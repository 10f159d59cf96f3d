package dev.vmoe.lab.sweep;

import java.util.Arrays;
import java.util.Random;

/**
 * A linear classifier of fixed vectors (softmax regression), which shows what they tell of a task.
 *
 * <p>Each number is brought to mean 0 and deviation 1 over the training vectors, then divided by
 * √D, so that one rate of learning suits every length. Gradient descent in small batches, with
 * little weight decay.
 *
 * <p>Axes: N vectors, D numbers of a vector, C classes.
 */
public final class LinearProbe {

  private static final int FOLDS = 5;
  private static final int EPOCHS = 30;
  private static final int BATCH = 32;
  private static final double RATE = 2;
  private static final double HALF_RATE_EPOCHS = 10;
  private static final double DECAY = 1e-4;

  private final float[] mean;
  private final float[] factor;
  private final float[][] weights;

  private LinearProbe(float[] mean, float[] factor, int numClasses) {
    this.mean = mean;
    this.factor = factor;
    this.weights = new float[numClasses][mean.length + 1]; // the last one is the bias
  }

  /**
   * Returns of each vector whether a probe that was trained on the four fifths without it finds its
   * class, (N).
   *
   * @param vectors (N, D)
   * @param classes (N), from 0 to C − 1
   * @param seed of the folds and of the order of training
   */
  public static boolean[] crossValidated(
      float[][] vectors, int[] classes, int numClasses, long seed) {
    Random random = new Random(seed);
    int[] order = shuffled(vectors.length, random);
    boolean[] right = new boolean[vectors.length];
    for (int fold = 0; fold < FOLDS; fold++) {
      int from = order.length * fold / FOLDS;
      int to = order.length * (fold + 1) / FOLDS;
      int[] training = new int[order.length - (to - from)];
      System.arraycopy(order, 0, training, 0, from);
      System.arraycopy(order, to, training, from, order.length - to);
      LinearProbe probe = trained(vectors, classes, numClasses, training, random);
      for (int place = from; place < to; place++) {
        int i = order[place];
        right[i] = probe.classOf(vectors[i]) == classes[i];
      }
    }
    return right;
  }

  private static LinearProbe trained(
      float[][] vectors, int[] classes, int numClasses, int[] training, Random random) {
    LinearProbe probe = scaled(vectors, training, numClasses);
    float[][] inputs = new float[training.length][];
    for (int i = 0; i < training.length; i++) {
      inputs[i] = probe.input(vectors[training[i]]);
    }
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      double rate = RATE / (1 + epoch / HALF_RATE_EPOCHS);
      int[] order = shuffled(training.length, random);
      for (int from = 0; from < order.length; from += BATCH) {
        int[] batch = Arrays.copyOfRange(order, from, Math.min(order.length, from + BATCH));
        probe.step(inputs, classes, training, batch, rate);
      }
    }
    return probe;
  }

  private static int[] shuffled(int count, Random random) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int place = random.nextInt(i + 1);
      order[i] = order[place];
      order[place] = i;
    }
    return order;
  }

  private static LinearProbe scaled(float[][] vectors, int[] training, int numClasses) {
    int length = vectors[0].length;
    float[] mean = new float[length];
    float[] factor = new float[length];
    for (int d = 0; d < length; d++) {
      double sum = 0;
      double squares = 0;
      for (int i : training) {
        sum += vectors[i][d];
        squares += (double) vectors[i][d] * vectors[i][d];
      }
      double average = sum / training.length;
      double variance = Math.max(0, squares / training.length - average * average);
      mean[d] = (float) average;
      factor[d] = variance > 0 ? (float) (1 / Math.sqrt(variance * length)) : 0;
    }
    return new LinearProbe(mean, factor, numClasses);
  }

  private float[] input(float[] vector) {
    float[] input = new float[vector.length + 1];
    for (int d = 0; d < vector.length; d++) {
      input[d] = (vector[d] - mean[d]) * factor[d];
    }
    input[vector.length] = 1;
    return input;
  }

  private void step(float[][] inputs, int[] classes, int[] training, int[] batch, double rate) {
    float kept = (float) (1 - rate * DECAY);
    float[][] errors = new float[batch.length][];
    for (int i = 0; i < batch.length; i++) {
      errors[i] = shares(inputs[batch[i]]);
      errors[i][classes[training[batch[i]]]] -= 1;
    }
    for (int c = 0; c < weights.length; c++) {
      float[] row = weights[c];
      for (int d = 0; d < row.length; d++) {
        row[d] *= kept;
      }
      for (int i = 0; i < batch.length; i++) {
        float[] input = inputs[batch[i]];
        float by = (float) (rate * errors[i][c] / batch.length);
        for (int d = 0; d < row.length; d++) {
          row[d] -= by * input[d];
        }
      }
    }
  }

  /** Returns the softmax of the scores of an input, (C). */
  private float[] shares(float[] input) {
    float[] shares = scores(input);
    float largest = Float.NEGATIVE_INFINITY;
    for (float score : shares) {
      largest = Math.max(largest, score);
    }
    float sum = 0;
    for (int c = 0; c < shares.length; c++) {
      shares[c] = (float) Math.exp(shares[c] - largest);
      sum += shares[c];
    }
    for (int c = 0; c < shares.length; c++) {
      shares[c] /= sum;
    }
    return shares;
  }

  private float[] scores(float[] input) {
    float[] scores = new float[weights.length];
    for (int c = 0; c < scores.length; c++) {
      float score = 0;
      for (int d = 0; d < input.length; d++) {
        score += weights[c][d] * input[d];
      }
      scores[c] = score;
    }
    return scores;
  }

  private int classOf(float[] vector) {
    float[] scores = scores(input(vector));
    int best = 0;
    for (int c = 1; c < scores.length; c++) {
      best = scores[c] > scores[best] ? c : best;
    }
    return best;
  }
}
