package dev.vmoe.core.inference;

import dev.vmoe.core.moe.ModelCard;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One class and how much the model believes in it.
 *
 * @param index position in the logits, from 0
 * @param label name of the class
 * @param score between 0 and 1
 */
public record ScoredClass(int index, String label, float score) {

  private static final int MAX_IN_ONE_PASS = 64;

  /** Logits whose exponentials are computed in one loop. */
  private static final int STRETCH = 256;

  /** An exponential is the 1024th power of one that four terms of its series give to 1e-9. */
  private static final double ROOT = 1.0 / 1024;

  /** Below the largest logit by so much, a class has no part of the sum that a double can show. */
  private static final double NEGLIGIBLE = -40;

  /**
   * Returns the best classes of one image, best first; ties to the lower index.
   *
   * @param card says how logits become scores: softmax over classes, or a sigmoid of each
   * @param logits (classes)
   * @param count maximum classes to return, at least 1
   */
  public static List<ScoredClass> top(ModelCard card, float[] logits, int count) {
    int[] order = best(logits, count);
    float largest = logits[order[0]];
    double sum = card.softmax() ? sumOfExponentials(logits, largest) : 1;
    List<ScoredClass> top = new ArrayList<>(order.length);
    for (int index : order) {
      double score =
          card.softmax()
              ? Math.exp((double) logits[index] - largest) / sum
              : 1 / (1 + Math.exp(-logits[index]));
      top.add(new ScoredClass(index, card.classes().get(index), (float) score));
    }
    return top;
  }

  /**
   * Returns the sum of the exponentials of all logits less the largest, to a few parts in ten
   * million. With thousands of classes {@link Math#exp} would cost more than all else that makes a
   * prediction; Java's compiler makes vector instructions of the loops over a stretch, also of the
   * sums, as they do not depend on each other.
   */
  private static double sumOfExponentials(float[] logits, double largest) {
    int stretch = Math.min(STRETCH, logits.length);
    double[] terms = new double[stretch];
    double[] sums = new double[stretch];
    for (int from = 0; from < logits.length; from += stretch) {
      int count = Math.min(stretch, logits.length - from);
      for (int i = 0; i < count; i++) {
        terms[i] = logits[from + i] - largest;
      }
      for (int i = 0; i < count; i++) {
        double x = Math.max(terms[i], NEGLIGIBLE) * ROOT;
        double power = 1 + x * (1 + x * (1 / 2.0 + x * (1 / 6.0 + x / 24)));
        power *= power;
        power *= power;
        power *= power;
        power *= power;
        power *= power;
        power *= power;
        power *= power;
        power *= power;
        power *= power;
        sums[i] += power * power;
      }
    }
    double sum = 0;
    for (double part : sums) {
      sum += part;
    }
    return sum;
  }

  /** Returns the name of the best class of one image. */
  public static String best(ModelCard card, float[] logits) {
    return card.classes().get(best(logits, 1)[0]);
  }

  /** Returns the classes of the largest logits; a few in one pass, as sorting would cost more. */
  private static int[] best(float[] logits, int count) {
    if (count > MAX_IN_ONE_PASS) {
      return IntStream.range(0, logits.length)
          .boxed()
          .sorted(Comparator.comparing(i -> -logits[i]))
          .limit(count)
          .mapToInt(Integer::intValue)
          .toArray();
    }
    int[] best = new int[Math.min(count, logits.length)];
    for (int i = 0; i < best.length; i++) {
      insert(i, best, i, logits);
    }
    int last = best.length - 1;
    for (int i = firstAbove(logits[best[last]], logits, best.length);
        i < logits.length;
        i = firstAbove(logits[best[last]], logits, i + 1)) {
      if (comesBefore(logits[i], logits[best[last]])) {
        insert(i, best, last, logits);
      }
    }
    return best;
  }

  /** Returns the first place from this one on whose logit is not below or equal; most are. */
  private static int firstAbove(float logit, float[] logits, int from) {
    int i = from;
    while (i < logits.length && logits[i] <= logit) {
      i++;
    }
    return i;
  }

  /** Puts a class where it belongs among the best, up to this place. */
  private static void insert(int index, int[] best, int last, float[] logits) {
    int place = last;
    while (place > 0 && comesBefore(logits[index], logits[best[place - 1]])) {
      best[place] = best[place - 1];
      place--;
    }
    best[place] = index;
  }

  /** NaN comes after all others. */
  private static boolean comesBefore(float logit, float other) {
    return Float.compare(-logit, -other) < 0;
  }
}
