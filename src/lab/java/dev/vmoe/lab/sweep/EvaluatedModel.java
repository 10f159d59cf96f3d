package dev.vmoe.lab.sweep;

import dev.vmoe.core.moe.ModelCard;
import java.util.List;

/**
 * One model of an evaluation.
 *
 * @param card what it says about itself
 * @param points its settings in their order; of a dense model one
 */
public record EvaluatedModel(ModelCard card, List<EvaluatedPoint> points) {

  /** Copies the list. */
  public EvaluatedModel {
    points = List.copyOf(points);
  }
}
