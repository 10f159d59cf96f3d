package dev.vmoe.streams.topics;

import java.util.ArrayList;
import java.util.List;
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

  /** What to do about {@link #predictionsTooSmall}. */
  public static final String RAISE_PREDICTIONS =
      "raise its max.message.bytes to " + TopicPlan.MIN_PREDICTION_BYTES + " or more";

  /** What to do about {@link #deadLettersTooSmall}. */
  public static final String RAISE_DEAD_LETTERS = "raise the latter's max.message.bytes";

  /** What to do about {@link #utilizationTooSmall}. */
  public static final String RAISE_UTILIZATION =
      "raise its max.message.bytes (16777216 in topology/topics.yaml), or lower batch.max.images";

  /** Returns the limits to assume where the topics' own may not be read. */
  public static TopicLimits assumed(int imageMaxBytes) {
    return new TopicLimits(
        imageMaxBytes,
        TopicPlan.MIN_PREDICTION_BYTES,
        TopicPlan.MIN_PREDICTION_BYTES,
        Integer.MAX_VALUE);
  }

  /** Returns the bytes of the largest record that is read or written, except dead letters. */
  public int largestRecord() {
    return Math.max(images, Math.max(predictions, expertUtilization));
  }

  /** Returns which limits are too low, each as a sentence for the log. */
  List<String> problems(Topics topics) {
    List<String> problems = new ArrayList<>();
    if (deadLetters <= images) {
      problems.add(
          deadLettersTooSmall(
                  String.join(" or ", topics.images()), images, topics.deadLetters(), deadLetters)
              + "; "
              + RAISE_DEAD_LETTERS);
    }
    if (predictions < TopicPlan.MIN_PREDICTION_BYTES) {
      problems.add(
          predictionsTooSmall(topics.predictions(), predictions) + "; " + RAISE_PREDICTIONS);
    }
    return List.copyOf(problems);
  }

  /** Returns why a predictions topic that takes records of so many bytes is a problem. */
  public static String predictionsTooSmall(String topic, long bytes) {
    return ("%s takes records of at most %d bytes. A prediction carries up to %d bytes of its"
            + " image's key, headers, label and attributes; one that does not fit stops the stream")
        .formatted(topic, bytes, TopicPlan.MAX_CARRIED_BYTES);
  }

  /**
   * Returns what is wrong with the topic of the utilization, as a sentence for the log; nothing if
   * it takes the largest event.
   *
   * @param largest bytes of the largest event of a model and its batches
   */
  public Optional<String> utilizationProblem(Topics topics, long largest) {
    return expertUtilization >= largest
        ? Optional.empty()
        : Optional.of(
            utilizationTooSmall(topics.expertUtilization(), expertUtilization, largest)
                + "; "
                + RAISE_UTILIZATION);
  }

  /** Returns why a topic of utilization that takes records of so many bytes is a problem. */
  public static String utilizationTooSmall(String topic, long bytes, long largest) {
    return ("%s takes records of at most %d bytes. An event of this model has up to %d bytes where"
            + " each image of a batch has another label; one that does not fit stops the stream")
        .formatted(topic, bytes, largest);
  }

  /** Returns why a dead-letter topic that takes no larger records than images is a problem. */
  public static String deadLettersTooSmall(
      String images, long imageBytes, String deadLetters, long deadLetterBytes) {
    return ("%s takes records of at most %d bytes, %s of %d. The largest bad record does not fit"
            + " there with its error headers, so it is written without its value")
        .formatted(images, imageBytes, deadLetters, deadLetterBytes);
  }
}
