package dev.vmoe.lab.compare;

import dev.vmoe.event.Prediction;
import dev.vmoe.lab.compare.ComparisonResult.Guess;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a comparison keeps of a prediction.
 *
 * @param id what the sender called the image; of a long one only the beginning
 * @param label the image's true class, where its sender knew it
 * @param top the best classes, best first; 1 to {@link #MAX_CLASSES}
 * @param effectiveCapacityRatio of its batch
 * @param micros from when the image can join a batch to the end of the batch's run
 */
record GivenAnswer(
    String model,
    @Nullable String id,
    @Nullable String label,
    List<Guess> top,
    double effectiveCapacityRatio,
    long micros) {

  /** Predictions may name all classes, and ids be long: so many answers wait that each is small. */
  private static final int MAX_CLASSES = 5;

  private static final int MAX_ID_CHARS = 100;

  /**
   * Takes what is needed.
   *
   * @throws IllegalArgumentException if the prediction names no class
   */
  static GivenAnswer of(Prediction prediction) {
    if (prediction.getTop().isEmpty()) {
      throw new IllegalArgumentException("the prediction names no class");
    }
    return new GivenAnswer(
        prediction.getModel().intern(), // one text for many answers
        prediction.getId() == null ? null : shortened(prediction.getId()),
        prediction.getLabel() == null ? null : prediction.getLabel().intern(),
        prediction.getTop().stream()
            .limit(MAX_CLASSES)
            .map(score -> new Guess(score.getLabel().intern(), score.getScore()))
            .toList(),
        prediction.getEffectiveCapacityRatio(),
        prediction.getQueueMicros() + prediction.getInferenceMicros());
  }

  private static String shortened(String id) {
    if (id.length() <= MAX_ID_CHARS) {
      return id;
    }
    boolean within = Character.isHighSurrogate(id.charAt(MAX_ID_CHARS - 1)); // a character of two
    return id.substring(0, within ? MAX_ID_CHARS - 1 : MAX_ID_CHARS) + "…";
  }

  /** Returns the class that was answered. */
  String answer() {
    return top.get(0).label();
  }

  /**
   * Returns how much of the score lies on other classes than the other answer's: half of the sum of
   * all differences. 0: the same; 1 (of a softmax): nothing in common. A class that is not among
   * the best of an answer counts 0 there. Where one answer names fewer classes, as many are taken
   * of the other.
   */
  double differenceFrom(GivenAnswer other) {
    int classes = Math.min(top.size(), other.top.size());
    Map<String, Float> scores = new HashMap<>();
    top.subList(0, classes).forEach(guess -> scores.put(guess.label(), guess.score()));
    double sum = 0;
    for (Guess guess : other.top.subList(0, classes)) {
      Float mine = scores.remove(guess.label());
      sum += Math.abs(guess.score() - (mine == null ? 0 : mine));
    }
    for (float mine : scores.values()) {
      sum += Math.abs(mine);
    }
    return sum / 2;
  }
}
