package dev.vmoe.streams.settings;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.PointBounds;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The settings of a capacity controller.
 *
 * @param mode whether the operating point is set or follows the load
 * @param ratio capacity ratio in fixed mode
 * @param expertsPerToken K in fixed mode; 0 for that of the model's training until it is known
 * @param bounds of the operating point in adaptive mode
 * @param targetLatency target for the time until an image is answered
 * @param routing order in which choices claim slots
 */
public record CapacitySettings(
    CapacityMode mode,
    double ratio,
    int expertsPerToken,
    Bounds bounds,
    Duration targetLatency,
    Routing routing) {

  /**
   * Bounds of the operating point in adaptive mode, inclusive.
   *
   * @param minRatio minimum capacity ratio
   * @param maxRatio maximum capacity ratio
   * @param minExpertsPerToken minimum K; 0 for that of the model's training until it is known
   * @param maxExpertsPerToken maximum K; 0 for that of the model's training until it is known
   * @param unbound indices of the models that they do not bind; none until the models are known
   */
  public record Bounds(
      double minRatio,
      double maxRatio,
      int minExpertsPerToken,
      int maxExpertsPerToken,
      Set<Integer> unbound) {

    /** Creates bounds of every model. */
    public Bounds(
        double minRatio, double maxRatio, int minExpertsPerToken, int maxExpertsPerToken) {
      this(minRatio, maxRatio, minExpertsPerToken, maxExpertsPerToken, Set.of());
    }

    /** Rejects a minimum above its maximum; copies the set. */
    public Bounds {
      if (!(minRatio <= maxRatio)) {
        throw new IllegalArgumentException(
            "%s %s is above %s %s"
                .formatted(
                    Settings.CAPACITY_RATIO_MIN, minRatio, Settings.CAPACITY_RATIO_MAX, maxRatio));
      }
      if (maxExpertsPerToken > 0 && minExpertsPerToken > maxExpertsPerToken) {
        throw new IllegalArgumentException(
            "%s %d is above %s %d"
                .formatted(
                    Settings.EXPERTS_PER_TOKEN_MIN,
                    minExpertsPerToken,
                    Settings.EXPERTS_PER_TOKEN_MAX,
                    maxExpertsPerToken));
      }
      unbound = Set.copyOf(unbound);
    }

    /**
     * Returns the bounds as a controller takes them.
     *
     * @throws IllegalArgumentException if K is that of the training and the model is not known yet
     */
    public PointBounds toPoints() {
      return new PointBounds(minRatio, maxRatio, minExpertsPerToken, maxExpertsPerToken, unbound);
    }

    /** Of several models, a dense one is not bound: it has one point, and is there to be chosen. */
    private Bounds forModels(List<ModelCard> cards) {
      List<ModelCard> byK =
          cards.stream()
              .filter(card -> cards.size() == 1 || !card.dense())
              .sorted(Comparator.comparingInt(ModelCard::expertsPerToken))
              .toList();
      if (byK.isEmpty()) {
        byK = cards.subList(0, 1);
      }
      ModelCard widest = byK.get(byK.size() - 1);
      return new Bounds(
          minRatio,
          maxRatio,
          minExpertsPerToken == 0
              ? knownK(Settings.EXPERTS_PER_TOKEN_MIN, 0, byK.get(0))
              : knownK(Settings.EXPERTS_PER_TOKEN_MIN, minExpertsPerToken, widest),
          knownK(Settings.EXPERTS_PER_TOKEN_MAX, maxExpertsPerToken, widest),
          IntStream.range(0, cards.size())
              .filter(i -> cards.size() > 1 && cards.get(i).dense())
              .boxed()
              .collect(Collectors.toSet()));
    }
  }

  /**
   * Returns the fixed operating point.
   *
   * @throws IllegalArgumentException if K is that of the training and the model is not known yet
   */
  public OperatingPoint point() {
    return new OperatingPoint(ratio, expertsPerToken);
  }

  /**
   * Returns the settings with every K known. A ratio above what the model needs is accepted:
   * nothing is dropped then.
   *
   * @param cards of the models that may be chosen; the fixed point is the first one's
   * @throws IllegalArgumentException if a K is above that of the training
   */
  CapacitySettings forModels(List<ModelCard> cards) {
    return new CapacitySettings(
        mode,
        ratio,
        knownK(Settings.EXPERTS_PER_TOKEN, expertsPerToken, cards.get(0)),
        bounds.forModels(cards),
        targetLatency,
        routing);
  }

  private static int knownK(String key, int k, ModelCard card) {
    if (card.dense()) {
      return Math.max(1, k); // nothing is routed
    }
    if (k > card.expertsPerToken()) {
      throw new IllegalArgumentException(
          "%s: K %d outside 1 to %d, the K that %s was trained with (%d experts)"
              .formatted(key, k, card.expertsPerToken(), card.name(), card.numExperts()));
    }
    return k == 0 ? card.expertsPerToken() : k;
  }
}
