package dev.vmoe.lab.faults;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;

/**
 * A model as answers name it.
 *
 * @param name that the model file gives itself
 * @param weightsHash of its weights
 */
record AnsweringModel(String name, String weightsHash) {

  /** Returns the model of a model file. */
  static AnsweringModel of(ModelCard card) {
    return new AnsweringModel(card.name(), card.weightsHash());
  }

  /** Returns the model that gave a prediction. */
  static AnsweringModel of(Prediction prediction) {
    return new AnsweringModel(prediction.getModel(), prediction.getWeightsHash());
  }

  /** Returns the model whose work an event sums. */
  static AnsweringModel of(ExpertUtilization event) {
    return new AnsweringModel(event.getModel(), event.getWeightsHash());
  }
}
