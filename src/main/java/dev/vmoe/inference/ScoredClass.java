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

  /**
   * Returns the best classes of one image, best first; ties to the lower index.
   *
   * @param card says how logits become scores: softmax over classes, or a sigmoid of each
   * @param logits (classes)
   * @param count maximum classes to return
   */
  public static List<ScoredClass> top(ModelCard card, float[] logits, int count) {
    double largest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    if (card.softmax()) {
      for (float logit : logits) {
        sum += Math.exp(logit - largest);
      }
    }
    List<Integer> order = best(logits, count);
    List<ScoredClass> top = new ArrayList<>(order.size());
    for (int index : order) {
      double score =
          card.softmax()
              ? Math.exp(logits[index] - largest) / sum
              : 1 / (1 + Math.exp(-logits[index]));
      top.add(new ScoredClass(index, card.classes().get(index), (float) score));
    }
    return top;
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
