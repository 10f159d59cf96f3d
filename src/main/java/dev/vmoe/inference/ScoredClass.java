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
    for (float logit : logits) {
      sum += Math.exp(logit - largest);
    }
    List<Integer> order =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted(Comparator.comparing((Integer i) -> -logits[i]))
            .limit(count)
            .toList();
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
}
