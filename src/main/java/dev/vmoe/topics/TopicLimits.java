package dev.vmoe.topics;

import java.util.ArrayList;
import java.util.List;

/**
 * The largest records that the topics take, in bytes.
 *
 * @param images what can arrive
 * @param predictions what an answer may have
 * @param expertUtilization what a batch's numbers may have
 * @param deadLetters what is left for an image and its error headers
 */
public record TopicLimits(int images, int predictions, int expertUtilization, int deadLetters) {

  /** Returns limits for where they may not be read. */
  public static TopicLimits assumed(int imageMaxBytes) {
    return new TopicLimits(
        imageMaxBytes,
        TopicPlan.MIN_PREDICTION_BYTES,
        TopicPlan.MIN_PREDICTION_BYTES,
        Integer.MAX_VALUE);
  }

  /** Returns the bytes of the largest record that arrives or leaves, dead letters aside. */
  public int largestRecord() {
    return Math.max(images, Math.max(predictions, expertUtilization));
  }

  /** Returns what is too small, each as a sentence for the log. */
  List<String> problems(Topics topics) {
    List<String> problems = new ArrayList<>();
    if (deadLetters <= images) {
      problems.add(
          ("%s takes records of %d bytes and %s of %d: a bad record of the largest size does not"
                  + " fit there with its error headers, and is written without its value; raise the"
                  + " latter's max.message.bytes")
              .formatted(topics.images(), images, topics.deadLetters(), deadLetters));
    }
    if (predictions < TopicPlan.MIN_PREDICTION_BYTES) {
      problems.add(
          ("%s takes records of %d bytes: a prediction carries up to %d bytes of its image's key,"
                  + " headers, label and attributes, and one that does not fit stops the stream;"
                  + " raise max.message.bytes to %d or more")
              .formatted(
                  topics.predictions(),
                  predictions,
                  TopicPlan.MAX_CARRIED_BYTES,
                  TopicPlan.MIN_PREDICTION_BYTES));
    }
    return List.copyOf(problems);
  }
}
