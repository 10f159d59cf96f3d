package dev.vmoe.streams;

import dev.vmoe.settings.Settings;
import dev.vmoe.settings.TopicPlan;
import java.util.List;

/**
 * Full names of the topics that the pipeline reads and writes.
 *
 * @param images images to classify
 * @param predictions answers
 * @param expertUtilization what the experts did
 * @param deadLetters images that cannot be answered
 * @param config configurations
 * @param routingProfile what the experts have done for each class so far
 */
record Topics(
    String images,
    String predictions,
    String expertUtilization,
    String deadLetters,
    String config,
    String routingProfile) {

  /** Returns the names under the prefix in the settings. */
  static Topics of(Settings settings) {
    return new Topics(
        settings.topic(TopicPlan.IMAGES),
        settings.topic(TopicPlan.PREDICTIONS),
        settings.topic(TopicPlan.EXPERT_UTILIZATION),
        settings.topic(TopicPlan.IMAGES_DLQ),
        settings.topic(TopicPlan.CONFIG),
        settings.topic(TopicPlan.ROUTING_PROFILE));
  }

  /** Returns those without which no image can be answered. */
  List<String> ofImages() {
    return List.of(images, predictions, expertUtilization, deadLetters, config);
  }

  /** Returns all of them. */
  List<String> all() {
    return List.of(images, predictions, expertUtilization, deadLetters, config, routingProfile);
  }
}
