package dev.vmoe.lab.sweep;

import dev.vmoe.core.moe.ModelCard;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One setting of one model in an evaluation.
 *
 * @param card what the model says about itself
 * @param row figures over all images
 * @param splits by split of the images, in their order; of a set without splits the only one,
 *     {@code all}
 */
public record EvaluatedPoint(ModelCard card, SweepRow row, Map<String, SplitResult> splits) {

  /** Copies the map. */
  public EvaluatedPoint {
    splits = Collections.unmodifiableMap(new LinkedHashMap<>(splits));
  }

  /**
   * Returns the result of a split.
   *
   * @throws IllegalArgumentException if the images had no such split
   */
  public SplitResult split(String name) {
    SplitResult result = splits.get(name);
    if (result == null) {
      throw new IllegalArgumentException("no split " + name + " in " + splits.keySet());
    }
    return result;
  }

  /**
   * Returns the share of the choices of full quality that were computed: of all tokens times the K
   * of the training, over all MoE layers. So neither choices that found no slot count nor those
   * that a smaller K left out. 1 for a dense model.
   */
  public double choices() {
    return card.dense()
        ? 1
        : row.processed() * row.point().settings().expertsPerToken() / card.expertsPerToken();
  }
}
