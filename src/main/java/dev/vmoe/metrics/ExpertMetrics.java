package dev.vmoe.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Records what experts did for answered images, of the model that is served: the layers and experts
 * that another model has more go with it, and those that both have count on.
 *
 * <p>The last answers of a model that was replaced come after the change; what they say of layers
 * or experts that the new one lacks is not recorded.
 *
 * <p>Axes: E experts.
 */
public final class ExpertMetrics {

  /** The counters of one encoder block; of experts, (E). */
  private record Layer(List<Expert> experts, Counter tokensDropped) {
    Stream<Meter> meters() {
      return Stream.concat(
          Stream.of(tokensDropped),
          experts.stream()
              .flatMap(it -> Stream.of(it.assigned(), it.dispatched(), it.importance())));
    }
  }

  private record Expert(Counter assigned, Counter dispatched, Counter importance) {}

  private final Meters meters;
  private final Counter slots;
  private volatile Map<Integer, Layer> layers = Map.of();

  ExpertMetrics(Meters meters) {
    this.meters = meters;
    slots = meters.counter(Metric.EXPERT_SLOTS);
  }

  /** Counts for these blocks and experts from now on. */
  synchronized void serve(List<Integer> blocks, int experts) {
    Map<Integer, Layer> now = new HashMap<>();
    blocks.forEach(block -> now.put(block, layer(Integer.toString(block), experts)));
    List<Meter> kept = now.values().stream().flatMap(Layer::meters).toList();
    List<Meter> gone = new ArrayList<>(layers.values().stream().flatMap(Layer::meters).toList());
    gone.removeAll(kept);
    layers = now;
    gone.forEach(meters::remove);
  }

  private Layer layer(String block, int numExperts) {
    List<Expert> experts = new ArrayList<>();
    for (int expert = 0; expert < numExperts; expert++) {
      String number = Integer.toString(expert);
      experts.add(
          new Expert(
              meters.counter(Metric.EXPERT_ASSIGNED, block, number),
              meters.counter(Metric.EXPERT_DISPATCHED, block, number),
              meters.counter(Metric.EXPERT_IMPORTANCE, block, number)));
    }
    return new Layer(experts, meters.counter(Metric.TOKENS_DROPPED, block));
  }

  /**
   * Counts what one expert did.
   *
   * @param block encoder block of the MoE layer
   * @param expert 0 to E - 1
   * @param assigned choices before capacity
   * @param dispatched choices that found a slot
   * @param importance summed gates, whether or not it was chosen
   */
  public void expert(int block, int expert, long assigned, long dispatched, double importance) {
    Layer layer = layers.get(block);
    if (layer != null && expert < layer.experts().size()) {
      Expert its = layer.experts().get(expert);
      its.assigned().increment(assigned);
      its.dispatched().increment(dispatched);
      its.importance().increment(importance);
    }
  }

  /** Counts tokens of an encoder block none of whose choices found a slot. */
  public void droppedEntirely(int block, long tokens) {
    Layer layer = layers.get(block);
    if (layer != null) {
      layer.tokensDropped().increment(tokens);
    }
  }

  /** Counts the slots that each expert of each layer had. */
  public void slots(double slotsAnExpert) {
    slots.increment(slotsAnExpert);
  }
}
