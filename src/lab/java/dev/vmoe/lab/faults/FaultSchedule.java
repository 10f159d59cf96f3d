package dev.vmoe.lab.faults;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The faults of a run, the same ones for the same seed: rounds in random order, in each of which
 * every kind comes as often as its weight says.
 */
public final class FaultSchedule {

  private static final double MIN_CALM_SECONDS = 1;
  private static final double MAX_CALM_SECONDS = 4;

  private final Map<FaultKind, Integer> weights;
  private final double maxSeconds;
  private final double everySeconds;
  private final Random random;
  private final Deque<FaultKind> round = new ArrayDeque<>();

  /**
   * A fault to come.
   *
   * @param kind what fails
   * @param seconds how long, or until what was killed is started again
   * @param pick chooses among what can fail; not negative
   * @param calmSeconds how long nothing fails after it is over
   */
  public record PlannedFault(FaultKind kind, double seconds, int pick, double calmSeconds) {}

  /**
   * Plans faults.
   *
   * @param weights how often each kind comes in a round
   * @param maxSeconds no fault of a random length lasts longer
   * @param everySeconds how long each fault lasts; 0 for a random length
   */
  public FaultSchedule(
      Map<FaultKind, Integer> weights, double maxSeconds, double everySeconds, long seed) {
    if (weights.isEmpty() || weights.values().stream().anyMatch(weight -> weight < 1)) {
      throw new IllegalArgumentException("weights of faults must be at least 1: " + weights);
    }
    this.weights = new EnumMap<>(weights);
    this.maxSeconds = maxSeconds;
    this.everySeconds = everySeconds;
    this.random = new Random(seed);
  }

  /**
   * Reads kinds with their weights: {@code kill=8}, or {@code kill} for a weight of 1.
   *
   * @throws IllegalArgumentException if one is unknown, given twice, or no number
   */
  public static Map<FaultKind, Integer> weights(List<String> texts) {
    Map<FaultKind, Integer> weights = new EnumMap<>(FaultKind.class);
    for (String text : texts) {
      String[] parts = text.strip().split("=", 2);
      int weight;
      try {
        weight = parts.length == 1 ? 1 : Integer.parseInt(parts[1]);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("the weight in '" + text + "' is no whole number", e);
      }
      if (weight < 1) {
        throw new IllegalArgumentException("the weight in '" + text + "' is below 1");
      }
      if (weights.put(FaultKind.of(parts[0]), weight) != null) {
        throw new IllegalArgumentException("fault " + parts[0] + " is given twice");
      }
    }
    return weights;
  }

  /** Returns the next fault. */
  public PlannedFault next() {
    if (round.isEmpty()) {
      List<FaultKind> all = new ArrayList<>();
      weights.forEach((kind, weight) -> all.addAll(Collections.nCopies(weight, kind)));
      Collections.shuffle(all, random);
      round.addAll(all);
    }
    FaultKind kind = round.remove();
    double some =
        Math.min(kind.seconds(random.nextDouble()), Math.max(kind.seconds(0), maxSeconds));
    return new PlannedFault(
        kind,
        everySeconds > 0 ? everySeconds : some,
        random.nextInt(Integer.MAX_VALUE),
        MIN_CALM_SECONDS + random.nextDouble() * (MAX_CALM_SECONDS - MIN_CALM_SECONDS));
  }
}
