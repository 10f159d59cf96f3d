package dev.vmoe.lab.faults;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What became of the images.
 *
 * @param images records in the images topic
 * @param predictions that were seen
 * @param deadLetters that were seen
 * @param lost images without an answer
 * @param doubled answers beyond the first of an image
 * @param outOfOrder answers behind one to a later image of the same partition, in their partition
 * @param unknown answers to no image
 * @param misjudged hostile records with a prediction, and good images with a dead letter
 * @param unknownModel predictions by a model that was not to serve
 * @param altered answers whose key, headers, timestamp or (dead letters) value is not the image's
 * @param utilization images too many or missing in the utilization events, by partition and model,
 *     and layers whose choices do not add up
 * @param models predictions by the name of their model
 * @param examples some of what is wrong, for people
 */
public record DeliveryVerdict(
    long images,
    long predictions,
    long deadLetters,
    long lost,
    long doubled,
    long outOfOrder,
    long unknown,
    long misjudged,
    long unknownModel,
    long altered,
    long utilization,
    Map<String, Long> models,
    List<String> examples) {

  /** Copies map and list. */
  public DeliveryVerdict {
    models = new TreeMap<>(models);
    examples = List.copyOf(examples);
  }

  /** Returns what must not be, by name. */
  public Map<String, Long> violations() {
    Map<String, Long> all = new LinkedHashMap<>();
    all.put("lost", lost);
    all.put("doubled", doubled);
    all.put("out_of_order", outOfOrder);
    all.put("unknown", unknown);
    all.put("misjudged", misjudged);
    all.put("unknown_model", unknownModel);
    all.put("altered", altered);
    all.put("utilization", utilization);
    return all;
  }

  /** Returns whether every image has its one right answer, and all sums agree. */
  public boolean clean() {
    return violations().values().stream().allMatch(count -> count == 0);
  }
}
