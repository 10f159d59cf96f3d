package dev.vmoe.metrics;

import io.micrometer.core.instrument.Counter;
import java.util.List;

/**
 * Records what experts did for answered images.
 *
 * <p>Axes: L MoE layers, by position; E experts.
 */
public final class ExpertMetrics {

  private final Counter[][] assigned;
  private final Counter[][] dispatched;
  private final Counter[][] importance;
  private final Counter[] tokensDropped;
  private final Counter slots;

  ExpertMetrics(Meters meters, List<Integer> blocks, int experts) {
    assigned = new Counter[blocks.size()][experts];
    dispatched = new Counter[blocks.size()][experts];
    importance = new Counter[blocks.size()][experts];
    tokensDropped = new Counter[blocks.size()];
    slots = meters.counter(Metric.EXPERT_SLOTS);
    for (int layer = 0; layer < blocks.size(); layer++) {
      String block = Integer.toString(blocks.get(layer));
      tokensDropped[layer] = meters.counter(Metric.TOKENS_DROPPED, block);
      for (int expert = 0; expert < experts; expert++) {
        String number = Integer.toString(expert);
        assigned[layer][expert] = meters.counter(Metric.EXPERT_ASSIGNED, block, number);
        dispatched[layer][expert] = meters.counter(Metric.EXPERT_DISPATCHED, block, number);
        importance[layer][expert] = meters.counter(Metric.EXPERT_IMPORTANCE, block, number);
      }
    }
  }

  /**
   * Counts the choices of one expert.
   *
   * @param layer position among the MoE layers, 0 to L - 1
   * @param expert 0 to E - 1
   * @param assignedChoices choices before capacity
   * @param dispatchedChoices choices that found a slot
   */
  public void choices(int layer, int expert, long assignedChoices, long dispatchedChoices) {
    assigned[layer][expert].increment(assignedChoices);
    dispatched[layer][expert].increment(dispatchedChoices);
  }

  /**
   * Adds the gates of one expert, whether or not it was chosen.
   *
   * @param layer position among the MoE layers, 0 to L - 1
   * @param expert 0 to E - 1
   * @param gates summed gates
   */
  public void importance(int layer, int expert, double gates) {
    importance[layer][expert].increment(gates);
  }

  /** Counts tokens of a layer none of whose choices found a slot. */
  public void droppedEntirely(int layer, long tokens) {
    tokensDropped[layer].increment(tokens);
  }

  /** Counts the slots that each expert of each layer had. */
  public void slots(double slotsAnExpert) {
    slots.increment(slotsAnExpert);
  }
}
