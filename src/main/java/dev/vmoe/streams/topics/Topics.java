package dev.vmoe.streams.topics;

import dev.vmoe.streams.settings.Settings;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclOperation;

/**
 * Full names of the topics that the pipeline reads and writes.
 *
 * @param images images to classify; at least one topic
 * @param predictions answers
 * @param expertUtilization what the experts did for each batch
 * @param deadLetters images that cannot be answered
 * @param config configurations
 */
public record Topics(
    List<String> images,
    String predictions,
    String expertUtilization,
    String deadLetters,
    String config) {

  /** Copies the list. */
  public Topics {
    images = List.copyOf(images);
  }

  /** Returns the names in the settings. */
  public static Topics of(Settings settings) {
    return new Topics(
        settings.topics(TopicPlan.IMAGES),
        settings.topic(TopicPlan.PREDICTIONS),
        settings.topic(TopicPlan.EXPERT_UTILIZATION),
        settings.topic(TopicPlan.IMAGES_DLQ),
        settings.topic(TopicPlan.CONFIG));
  }

  /** Returns all topics. */
  public List<String> all() {
    return Stream.concat(
            images.stream(), Stream.of(predictions, expertUtilization, deadLetters, config))
        .toList();
  }

  /** Returns the operations on a topic that an instance needs. */
  public Set<AclOperation> operations(String topic) {
    if (images.contains(topic) || topic.equals(config)) {
      return Set.of(AclOperation.READ);
    }
    return all().contains(topic) ? Set.of(AclOperation.WRITE) : Set.of();
  }
}
