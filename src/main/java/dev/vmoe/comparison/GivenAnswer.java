package dev.vmoe.comparison;

import dev.vmoe.comparison.ComparisonResult.Guess;
import dev.vmoe.event.Prediction;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a comparison keeps of a prediction.
 *
 * @param label the image's true class, where its sender knew it
 * @param top the best classes, best first; at least one
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
        prediction.getId(),
        prediction.getLabel() == null ? null : prediction.getLabel().intern(),
        prediction.getTop().stream()
            .map(score -> new Guess(score.getLabel().intern(), score.getScore()))
            .toList(),
        prediction.getEffectiveCapacityRatio(),
        prediction.getQueueMicros() + prediction.getInferenceMicros());
  }

  /** Returns the class that was answered. */
  String answer() {
    return top.get(0).label();
  }

  /**
   * Returns how much of the score lies on other classes than the other answer's: half of the sum of
   * all differences. 0: the same; 1 (of a softmax): nothing in common. A class that is not among
   * the best of an answer counts 0 there.
   */
  double differenceFrom(GivenAnswer other) {
    Map<String, Float> scores = new HashMap<>();
    top.forEach(guess -> scores.put(guess.label(), guess.score()));
    double sum = 0;
    for (Guess guess : other.top) {
      Float mine = scores.remove(guess.label());
      sum += Math.abs(guess.score() - (mine == null ? 0 : mine));
    }
    for (float mine : scores.values()) {
      sum += Math.abs(mine);
    }
    return sum / 2;
  }
}
