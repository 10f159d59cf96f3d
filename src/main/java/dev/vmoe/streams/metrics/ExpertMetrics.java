package dev.vmoe.streams.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Records the experts' work for answered images of the served models, of models beside each other
 * together: a layer has as many experts as in the model with most. After a change of the model,
 * layers and experts that only the old one had are removed; those that both have count on.
 *
 * <p>The last answers of the old model come after the change. Their numbers for layers or experts
 * that the new model lacks are not recorded.
 *
 * <p>Axes: E experts.
 */
public final class ExpertMetrics {

  /** The counters of one encoder block; those of experts are (E). */
  private record BlockCounters(List<ExpertCounters> experts, Counter tokensDropped) {
    Stream<Meter> meters() {
      return Stream.concat(
          Stream.of(tokensDropped),
          experts.stream()
              .flatMap(it -> Stream.of(it.assigned(), it.dispatched(), it.importance())));
    }
  }

  private record ExpertCounters(Counter assigned, Counter dispatched, Counter importance) {}

  private final Meters meters;
  private final Counter slots;
  private volatile Map<Integer, BlockCounters> layers = Map.of();

  ExpertMetrics(Meters meters) {
    this.meters = meters;
    slots = meters.counter(Metric.EXPERT_SLOTS);
  }

  /** Records the blocks and experts of these models from now on. */
  synchronized void serve(List<PipelineMetrics.MeteredModel> models) {
    Map<Integer, Integer> experts = new HashMap<>();
    for (PipelineMetrics.MeteredModel model : models) {
      model.blocks().forEach(block -> experts.merge(block, model.numExperts(), Math::max));
    }
    Map<Integer, BlockCounters> now = new HashMap<>();
    experts.forEach((block, count) -> now.put(block, layer(Integer.toString(block), count)));
    List<Meter> kept = now.values().stream().flatMap(BlockCounters::meters).toList();
    List<Meter> gone =
        new ArrayList<>(layers.values().stream().flatMap(BlockCounters::meters).toList());
    gone.removeAll(kept);
    layers = now;
    gone.forEach(meters::remove);
  }

  private BlockCounters layer(String block, int numExperts) {
    List<ExpertCounters> experts = new ArrayList<>();
    for (int expert = 0; expert < numExperts; expert++) {
      String number = Integer.toString(expert);
      experts.add(
          new ExpertCounters(
              meters.counter(Metric.EXPERT_ASSIGNED, block, number),
              meters.counter(Metric.EXPERT_DISPATCHED, block, number),
              meters.counter(Metric.EXPERT_IMPORTANCE, block, number)));
    }
    return new BlockCounters(experts, meters.counter(Metric.TOKENS_DROPPED, block));
  }

  /**
   * Counts the work of one expert.
   *
   * @param block encoder block of the MoE layer
   * @param expert 0 to E - 1
   * @param assigned choices before capacity
   * @param dispatched choices that found a slot
   * @param importance summed gates of all tokens, also of those that did not choose it
   */
  public void expert(int block, int expert, long assigned, long dispatched, double importance) {
    BlockCounters layer = layers.get(block);
    if (layer != null && expert < layer.experts().size()) {
      ExpertCounters counters = layer.experts().get(expert);
      counters.assigned().increment(assigned);
      counters.dispatched().increment(dispatched);
      counters.importance().increment(importance);
    }
  }

  /** Counts the tokens of an encoder block that got no expert: all their choices were dropped. */
  public void droppedEntirely(int block, long tokens) {
    BlockCounters layer = layers.get(block);
    if (layer != null) {
      layer.tokensDropped().increment(tokens);
    }
  }

  /** Counts the slots that each expert of each layer had. */
  public void slots(double slotsAnExpert) {
    slots.increment(slotsAnExpert);
  }
}
