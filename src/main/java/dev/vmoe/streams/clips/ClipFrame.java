package dev.vmoe.streams.clips;

import dev.vmoe.event.ClassScore;
import dev.vmoe.event.Prediction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a prediction says of a frame.
 *
 * @param time timestamp of the image's record, in milliseconds since 1970
 * @param scores at least one class with its score
 * @param id of the request; null for none
 * @param topic topic of the image
 * @param partition partition of the image
 * @param offset offset of the image
 */
public record ClipFrame(
    long time,
    List<ClassScore> scores,
    @Nullable String id,
    String topic,
    int partition,
    long offset) {

  /** Maximum characters of a class's or topic's name. */
  static final int MAX_NAME = 1024;

  /** Maximum characters of an id, which the sums keep. */
  static final int MAX_ID = 1024;

  /**
   * Copies the scores.
   *
   * @throws IllegalArgumentException if they cannot be summed, or something is too large to be kept
   */
  public ClipFrame {
    scores = List.copyOf(scores);
    if (time < 0 || scores.isEmpty()) {
      throw new IllegalArgumentException(scores.size() + " scores at the time " + time);
    }
    for (ClassScore score : scores) {
      if (!(score.getScore() >= 0 && score.getScore() <= 1)) {
        throw new IllegalArgumentException("a score is " + score.getScore());
      }
      require("a class's name", score.getLabel(), MAX_NAME);
    }
    require("the topic", topic, MAX_NAME);
    require("the id", id == null ? "" : id, MAX_ID);
  }

  private static void require(String what, String text, int max) {
    if (text.length() > max) {
      throw new IllegalArgumentException(
          "%s has %d characters, more than %d".formatted(what, text.length(), max));
    }
  }

  static ClipFrame of(Prediction prediction, long time) {
    return new ClipFrame(
        time,
        prediction.getTop(),
        prediction.getId(),
        prediction.getSourceTopic(),
        prediction.getSourcePartition(),
        prediction.getSourceOffset());
  }
}
