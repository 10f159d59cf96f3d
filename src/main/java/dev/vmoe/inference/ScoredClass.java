package dev.vmoe.inference;

import dev.vmoe.moe.ModelCard;
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
    List<Integer> order = best(logits, count);
    float largest = logits[order.get(0)];
    double sum = card.softmax() ? sumOfExponentials(logits, largest) : 1;
    List<ScoredClass> top = new ArrayList<>(order.size());
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
   * prediction; Java's compiler makes vector instructions of these loops.
   */
  private static double sumOfExponentials(float[] logits, double largest) {
    double[] terms = new double[Math.min(STRETCH, logits.length)];
    double sum = 0;
    for (int from = 0; from < logits.length; from += terms.length) {
      int count = Math.min(terms.length, logits.length - from);
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
        terms[i] = power * power;
      }
      for (int i = 0; i < count; i++) {
        sum += terms[i];
      }
    }
    return sum;
  }

  /** Returns the name of the best class of one image. */
  public static String best(ModelCard card, float[] logits) {
    return card.classes().get(best(logits, 1).get(0));
  }

  /** Returns the classes of the largest logits; a few in one pass, as sorting would cost more. */
  private static List<Integer> best(float[] logits, int count) {
    if (count > MAX_IN_ONE_PASS) {
      return IntStream.range(0, logits.length)
          .boxed()
          .sorted(Comparator.comparing(i -> -logits[i]))
          .limit(count)
          .toList();
    }
    List<Integer> best = new ArrayList<>(count + 1);
    float last = Float.NaN; // logit of the last of the best; NaN comes after all others
    for (int i = 0; i < logits.length; i++) {
      if (logits[i] <= last && best.size() == count) {
        continue; // nearly all; faster than the comparison below
      }
      if (best.size() < count || Float.compare(-logits[i], -last) < 0) {
        int place = best.size();
        while (place > 0 && Float.compare(-logits[i], -logits[best.get(place - 1)]) < 0) {
          place--;
        }
        best.add(place, i);
        if (best.size() > count) {
          best.remove(count);
        }
        last = logits[best.get(best.size() - 1)];
      }
    }
    return best;
  }
}
