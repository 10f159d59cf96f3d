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
 * @param routingProfile what the experts did for each class so far
 * @param clips what the frames of one key say together
 */
public record Topics(
    List<String> images,
    String predictions,
    String expertUtilization,
    String deadLetters,
    String config,
    String routingProfile,
    String clips) {

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
        settings.topic(TopicPlan.CONFIG),
        settings.topic(TopicPlan.ROUTING_PROFILE),
        settings.topic(TopicPlan.CLIPS));
  }

  /** Returns the topics without which no image can be answered. */
  public List<String> ofImages() {
    return Stream.concat(
            images.stream(), Stream.of(predictions, expertUtilization, deadLetters, config))
        .toList();
  }

  /** Returns the operations on a topic that answering images needs. */
  public Set<AclOperation> forImages(String topic) {
    if (images.contains(topic) || topic.equals(config)) {
      return Set.of(AclOperation.READ);
    }
    return ofImages().contains(topic) ? Set.of(AclOperation.WRITE) : Set.of();
  }

  /** Returns the topics that are needed for images and some work beside them. */
  public List<String> with(List<SideWork> beside) {
    return Stream.concat(ofImages().stream(), beside.stream().map(work -> work.topic(this)))
        .toList();
  }

  /** Returns all topics. */
  public List<String> all() {
    return with(List.of(SideWork.values()));
  }
}
