package dev.vmoe.streams.topics;

import java.util.Map;
import java.util.Optional;

/**
 * The largest records that the topics take, in bytes.
 *
 * @param images an image
 * @param predictions a prediction
 * @param expertUtilization the numbers of a batch
 * @param deadLetters an image and its error headers
 */
public record TopicLimits(int images, int predictions, int expertUtilization, int deadLetters) {

  /** Stands for the limit of a topic that may not be read: it takes any record. */
  private static final int ANY = Integer.MAX_VALUE;

  /**
   * A limit that is too low.
   *
   * @param what says why that is a problem
   * @param remedy says what to do
   */
  public record LimitTooLow(String what, String remedy) {

    /** Returns both, as a sentence for the log. */
    @Override
    public String toString() {
      return what + "; " + remedy;
    }
  }

  /** Returns the limits to assume where the topics' own may not be read. */
  public static TopicLimits assumed(int imageMaxBytes) {
    return new TopicLimits(
        imageMaxBytes, TopicPlan.MIN_PREDICTION_BYTES, TopicPlan.MIN_PREDICTION_BYTES, ANY);
  }

  /**
   * Returns the limits as far as they are known; nothing is wrong with the others.
   *
   * @param bytes by names in the plan
   */
  public static TopicLimits known(Map<String, Integer> bytes) {
    return new TopicLimits(
        bytes.getOrDefault(TopicPlan.IMAGES, 0),
        bytes.getOrDefault(TopicPlan.PREDICTIONS, ANY),
        bytes.getOrDefault(TopicPlan.EXPERT_UTILIZATION, ANY),
        bytes.getOrDefault(TopicPlan.IMAGES_DLQ, ANY));
  }

  /** Returns the bytes of the largest record that is read or written, except dead letters. */
  public int largestRecord() {
    return Math.max(images, Math.max(predictions, expertUtilization));
  }

  /** Returns what is wrong with the topic of the predictions. */
  public Optional<LimitTooLow> predictionsProblem(Topics topics) {
    return predictions >= TopicPlan.MIN_PREDICTION_BYTES
        ? Optional.empty()
        : Optional.of(
            new LimitTooLow(
                ("%s takes records of at most %d bytes. A prediction carries up to %d bytes of its"
                        + " image's key, headers, label and attributes; one that does not fit stops"
                        + " the stream")
                    .formatted(topics.predictions(), predictions, TopicPlan.MAX_CARRIED_BYTES),
                "raise its max.message.bytes to " + TopicPlan.MIN_PREDICTION_BYTES + " or more"));
  }

  /**
   * Returns what is wrong with the topic of the utilization.
   *
   * @param largest bytes of the largest event of a model and its batches
   */
  public Optional<LimitTooLow> utilizationProblem(Topics topics, long largest) {
    return expertUtilization >= largest
        ? Optional.empty()
        : Optional.of(
            new LimitTooLow(
                ("%s takes records of at most %d bytes. An event of this model has up to %d bytes"
                        + " where each image of a batch has another label; one that does not fit"
                        + " stops the stream")
                    .formatted(topics.expertUtilization(), expertUtilization, largest),
                "raise its max.message.bytes (16777216 in topology/topics.yaml), or lower"
                    + " batch.max.images"));
  }

  /** Returns what is wrong with a dead-letter topic that takes no larger records than images. */
  public Optional<LimitTooLow> deadLettersProblem(Topics topics) {
    return deadLetters > images
        ? Optional.empty()
        : Optional.of(
            new LimitTooLow(
                ("%s takes records of at most %d bytes, %s of %d. The largest bad record does not"
                        + " fit there with its error headers, so it is written without its value")
                    .formatted(
                        String.join(" or ", topics.images()),
                        images,
                        topics.deadLetters(),
                        deadLetters),
                "raise the latter's max.message.bytes"));
  }
}
