package dev.vmoe.streams.profile;

import dev.vmoe.event.LayerProfile;
import dev.vmoe.event.RoutingProfile;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * A row of the routing profile that grows: the sum of parts of one model and class.
 *
 * <p>Parts are added to arrays; a generated record holds boxed numbers, which would be made anew
 * with each part.
 */
final class RowSum {

  /** The sums of one layer, each (E). */
  @SuppressWarnings("ArrayRecordComponent")
  private record Layer(int block, long[] assigned, long[] dispatched, double[] gateSum) {

    static Layer of(LayerProfile layer) {
      return new Layer(
          layer.getBlock(),
          layer.getAssigned().stream().mapToLong(Long::longValue).toArray(),
          layer.getDispatched().stream().mapToLong(Long::longValue).toArray(),
          layer.getGateSum().stream().mapToDouble(Double::doubleValue).toArray());
    }

    void add(LayerProfile part) {
      for (int expert = 0; expert < assigned.length; expert++) {
        assigned[expert] += part.getAssigned().get(expert);
        dispatched[expert] += part.getDispatched().get(expert);
        gateSum[expert] += part.getGateSum().get(expert);
      }
    }

    boolean isLike(LayerProfile part) {
      return part.getBlock() == block && part.getAssigned().size() == assigned.length;
    }

    LayerProfile profile() {
      return new LayerProfile(
          block, boxed(assigned), boxed(dispatched), Arrays.stream(gateSum).boxed().toList());
    }

    private static List<Long> boxed(long[] numbers) {
      return LongStream.of(numbers).boxed().toList();
    }
  }

  /** What a row takes beside its layers: itself, its key, its entry in a map. */
  private static final int ROW_BYTES = 500;

  /** What a layer takes beside its numbers. */
  private static final int LAYER_BYTES = 100;

  /** The numbers of one expert: two counts and a sum. */
  private static final int EXPERT_BYTES = 2 * Long.BYTES + Double.BYTES;

  private final List<Layer> layers;
  private final String weightsHash;
  private final int classIndex;

  /** Names as the last part had them. */
  private String model;

  private String label;

  private long images;
  private long timestamp;

  /**
   * Begins with a first part.
   *
   * @param timestamp of the record it came with
   */
  RowSum(RoutingProfile first, long timestamp) {
    this.layers = first.getLayers().stream().map(Layer::of).toList();
    this.weightsHash = first.getWeightsHash();
    this.classIndex = first.getClassIndex();
    this.model = first.getModel();
    this.label = first.getLabel();
    this.images = first.getImages();
    this.timestamp = timestamp;
  }

  /** Returns whether a part has the same blocks with the same numbers of experts. */
  boolean isLike(RoutingProfile part) {
    List<LayerProfile> parts = part.getLayers();
    boolean like = parts.size() == layers.size();
    for (int layer = 0; like && layer < layers.size(); layer++) {
      like = layers.get(layer).isLike(parts.get(layer));
    }
    return like;
  }

  /** Adds a part of the same model and class, which {@linkplain #isLike is like} it. */
  void add(RoutingProfile part, long partTimestamp) {
    addEarlier(part, partTimestamp);
    model = part.getModel();
    label = part.getLabel();
  }

  /** Adds what was summed before the first part: its numbers, and not its names. */
  void addEarlier(RoutingProfile sum, long sumTimestamp) {
    for (int layer = 0; layer < layers.size(); layer++) {
      layers.get(layer).add(sum.getLayers().get(layer));
    }
    images += sum.getImages();
    timestamp = Math.max(timestamp, sumTimestamp);
  }

  /** Returns the sum of all parts. */
  RoutingProfile row() {
    return new RoutingProfile(
        model,
        weightsHash,
        classIndex,
        label,
        images,
        layers.stream().map(Layer::profile).toList());
  }

  /** Returns about how many bytes it takes on the heap. */
  long bytes() {
    return ROW_BYTES
        + layers.stream()
            .mapToLong(layer -> LAYER_BYTES + (long) layer.assigned().length * EXPERT_BYTES)
            .sum();
  }

  /** Returns the latest time of a part, in milliseconds since 1970. */
  long timestamp() {
    return timestamp;
  }
}
