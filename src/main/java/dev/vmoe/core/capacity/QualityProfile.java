package dev.vmoe.core.capacity;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How good a model, or each of several, is at each operating point: accuracy measured on labelled
 * images, by routing and batch size.
 */
public final class QualityProfile {

  /**
   * One measurement.
   *
   * @param point operating point
   * @param routing order in which choices claimed slots
   * @param batchImages images routed together
   * @param accuracy share of images whose best class was right, 0 to 1
   */
  public record Measurement(
      OperatingPoint point, Routing routing, int batchImages, double accuracy) {

    public Measurement {
      if (batchImages < 1 || !(accuracy >= 0 && accuracy <= 1)) {
        throw new IllegalArgumentException(
            "accuracy " + accuracy + " at batches of " + batchImages + " images");
      }
    }
  }

  /** Capacity ratios of a model without a quality profile. */
  private static final List<Double> RATIOS = List.of(0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1.05, 2.0);

  private record RoutedExperts(int model, Routing routing, int expertsPerToken) {
    static RoutedExperts of(OperatingPoint point, Routing routing) {
      return new RoutedExperts(point.model(), routing, point.expertsPerToken());
    }
  }

  private final List<Measurement> entries;

  private final List<OperatingPoint> points;

  /** Accuracy by batch size. */
  private final Map<RoutedExperts, ByRatio<NavigableMap<Integer, Double>>> accuracies =
      new HashMap<>();

  public QualityProfile(List<Measurement> entries) {
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("a quality profile without a measurement");
    }
    this.entries = List.copyOf(entries);
    for (Measurement entry : entries) {
      accuracies
          .computeIfAbsent(RoutedExperts.of(entry.point(), entry.routing()), key -> new ByRatio<>())
          .at(entry.point().capacityRatio(), new TreeMap<>())
          .put(entry.batchImages(), entry.accuracy());
    }
    points = entries.stream().map(Measurement::point).distinct().toList();
  }

  /**
   * Returns the accuracy of every operating point that controllers may choose.
   *
   * @param measured the model's quality profile; null where there is none
   */
  public static QualityProfile known(@Nullable QualityProfile measured, ModelCard card) {
    if (measured != null) {
      return measured;
    }
    return card.dense() // a dense model is the same at every point
        ? assumed(List.of(OperatingPoint.DENSE.capacityRatio()), 1)
        : assumed(RATIOS, card.expertsPerToken());
  }

  /**
   * Returns the quality of several models, of which the first one's points become those of model 0,
   * the second one's those of model 1, and so on.
   *
   * @param models each by itself, at points of model 0; measured on the same images, or their
   *     accuracies cannot be compared
   */
  public static QualityProfile ofModels(List<QualityProfile> models) {
    List<Measurement> all = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      for (Measurement of : models.get(i).entries) {
        all.add(
            new Measurement(of.point().ofModel(i), of.routing(), of.batchImages(), of.accuracy()));
      }
    }
    return new QualityProfile(all);
  }

  /**
   * Returns the part of this profile that is about some of its models, which keep their indices.
   *
   * @throws IllegalArgumentException if nothing is known of any of them
   */
  public QualityProfile among(Set<Integer> models) {
    return new QualityProfile(
        entries.stream().filter(entry -> models.contains(entry.point().model())).toList());
  }

  /**
   * Returns what a model without measurements is assumed to be like: the more of its choices may be
   * processed the better, and of equal shares the larger K.
   *
   * @param ratios capacity ratios of the ladder, each above 0
   * @param trainedExpertsPerToken K of training
   */
  public static QualityProfile assumed(List<Double> ratios, int trainedExpertsPerToken) {
    List<Measurement> entries = new ArrayList<>();
    for (int k = 1; k <= trainedExpertsPerToken; k++) {
      for (double ratio : ratios) {
        double share = Math.min(1, ratio) * k / trainedExpertsPerToken;
        double accuracy = 0.99 * share + 0.01 * k / trainedExpertsPerToken;
        for (Routing routing : Routing.values()) {
          entries.add(new Measurement(new OperatingPoint(ratio, k), routing, 1, accuracy));
        }
      }
    }
    return new QualityProfile(entries);
  }

  public List<OperatingPoint> points() {
    return points;
  }

  /** Returns the points whose accuracy is known with a routing. */
  public List<OperatingPoint> points(Routing routing) {
    return points.stream().filter(point -> knows(point, routing)).toList();
  }

  /**
   * Returns the points within bounds that controllers may choose with a routing: {@link
   * #points(Routing)}, and the bounds themselves where they lie between two of them.
   */
  public List<OperatingPoint> within(PointBounds bounds, Routing routing) {
    List<OperatingPoint> known = points(routing);
    return Stream.concat(
            known.stream(),
            known.stream()
                .map(OperatingPoint::model)
                .distinct()
                .flatMap(model -> bounds.corners(model).stream()))
        .distinct()
        .filter(bounds::contains)
        .filter(point -> knows(point, routing))
        .toList();
  }

  /** Returns whether the accuracy of a point was measured, or lies between two that were. */
  public boolean knows(OperatingPoint point, Routing routing) {
    ByRatio<NavigableMap<Integer, Double>> ratios =
        accuracies.get(RoutedExperts.of(point, routing));
    return ratios != null && ratios.knows(point.capacityRatio());
  }

  /**
   * Returns the accuracy at a point: between measured capacity ratios of its model and K
   * interpolated, between measured batch sizes in the logarithm of the size.
   *
   * @throws IllegalArgumentException if the point was not measured with this routing, and does not
   *     lie between two that were
   */
  public double accuracy(OperatingPoint point, Routing routing, int batchImages) {
    ByRatio<NavigableMap<Integer, Double>> ratios =
        accuracies.get(RoutedExperts.of(point, routing));
    if (ratios == null || !ratios.knows(point.capacityRatio())) {
      throw new IllegalArgumentException("no accuracy was measured at " + point + ", " + routing);
    }
    return ratios.between(point.capacityRatio(), bySize -> accuracy(bySize, batchImages));
  }

  private static double accuracy(NavigableMap<Integer, Double> bySize, int batchImages) {
    Map.Entry<Integer, Double> below = bySize.floorEntry(batchImages);
    Map.Entry<Integer, Double> above = bySize.ceilingEntry(batchImages);
    if (below == null) {
      return bySize.firstEntry().getValue();
    }
    if (above == null || above.getKey().equals(below.getKey())) {
      return below.getValue();
    }
    double part =
        Math.log((double) batchImages / below.getKey())
            / Math.log((double) above.getKey() / below.getKey());
    return below.getValue() + part * (above.getValue() - below.getValue());
  }
}
