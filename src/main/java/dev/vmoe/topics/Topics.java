package dev.vmoe.topics;

import dev.vmoe.settings.Settings;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.acl.AclOperation;

/**
 * Full names of the topics that the pipeline reads and writes.
 *
 * @param images images to classify
 * @param predictions answers
 * @param expertUtilization what the experts did for each batch
 * @param deadLetters images that cannot be answered
 * @param config configurations
 * @param routingProfile what the experts did for each class so far
 */
public record Topics(
    String images,
    String predictions,
    String expertUtilization,
    String deadLetters,
    String config,
    String routingProfile) {

  /** Returns the names under the prefix in the settings. */
  public static Topics of(Settings settings) {
    return new Topics(
        settings.topic(TopicPlan.IMAGES),
        settings.topic(TopicPlan.PREDICTIONS),
        settings.topic(TopicPlan.EXPERT_UTILIZATION),
        settings.topic(TopicPlan.IMAGES_DLQ),
        settings.topic(TopicPlan.CONFIG),
        settings.topic(TopicPlan.ROUTING_PROFILE));
  }

  /** Returns the topics without which no image can be answered. */
  public List<String> ofImages() {
    return List.of(images, predictions, expertUtilization, deadLetters, config);
  }

  /** Returns the operations on a topic that answering images needs. */
  public Set<AclOperation> forImages(String topic) {
    if (topic.equals(images) || topic.equals(config)) {
      return Set.of(AclOperation.READ);
    }
    return topic.equals(routingProfile) ? Set.of() : Set.of(AclOperation.WRITE);
  }

  /** Returns the operations on a topic that keeping the routing profile needs. */
  public Set<AclOperation> forProfile(String topic) {
    if (topic.equals(routingProfile)) {
      return EnumSet.of(AclOperation.READ, AclOperation.WRITE);
    }
    return topic.equals(expertUtilization) ? Set.of(AclOperation.READ) : Set.of();
  }

  /** Returns all topics. */
  public List<String> all() {
    return List.of(images, predictions, expertUtilization, deadLetters, config, routingProfile);
  }
}
