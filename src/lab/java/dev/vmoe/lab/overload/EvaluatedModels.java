package dev.vmoe.lab.overload;

import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.sweep.Evaluation;
import dev.vmoe.lab.sweep.LabelledBatches;
import dev.vmoe.lab.sweep.SweepRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * What the points of one model, or of several beside each other, take and give on the images that
 * are sent.
 *
 * @param rows evaluated points by model; of the first one the lowest point first, then full quality
 */
public record EvaluatedModels(List<List<SweepRow>> rows) {

  /** Copies the lists. */
  public EvaluatedModels {
    rows = rows.stream().map(List::copyOf).toList();
  }

  /**
   * Returns the points of a model that are evaluated: the lowest point, full quality, and what lies
   * between at every K that the model has; of a dense model its only point.
   *
   * @param ratios capacity ratios between
   */
  public static List<RoutingSettings> points(
      ModelCard card, RoutingSettings lowest, RoutingSettings full, List<Double> ratios) {
    if (card.dense()) {
      return List.of(
          new RoutingSettings(
              OperatingPoint.DENSE.capacityRatio(),
              OperatingPoint.DENSE.expertsPerToken(),
              full.routing()));
    }
    Set<RoutingSettings> points = new LinkedHashSet<>(List.of(lowest, full));
    for (int k = full.expertsPerToken(); k >= lowest.expertsPerToken(); k--) {
      for (double ratio : ratios) {
        points.add(new RoutingSettings(ratio, k, full.routing()));
      }
    }
    return points.stream()
        .filter(point -> point.expertsPerToken() <= card.expertsPerToken())
        .toList();
  }

  /**
   * Evaluates models in one pass: each batch runs at every point of every model in turn, so all
   * share the machine's good and bad moments.
   *
   * @param models the first one's card describes the images of all
   * @param points by model
   * @param batch maximum images of a batch
   * @param done told after each batch how many images were evaluated
   * @throws IOException if an image cannot be decoded or has a class that the models do not know
   */
  public static EvaluatedModels of(
      List<? extends BatchClassifier> models,
      List<List<RoutingSettings>> points,
      ImageDecoder decoder,
      int batch,
      List<LabelledImage> set,
      LongConsumer done)
      throws IOException {
    List<Evaluation> evaluations = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      evaluations.add(new Evaluation(models.get(i), null, points.get(i), batch));
    }
    new LabelledBatches(models.get(0).card(), decoder, batch)
        .forEach(
            set.size(),
            set::get,
            (images, classes, splits) -> evaluations.forEach(model -> model.add(images, classes)),
            done);
    return new EvaluatedModels(evaluations.stream().map(Evaluation::rows).toList());
  }

  /** Returns the quality of each model, at points of model 0. */
  public List<QualityProfile> profiles() {
    return rows.stream()
        .map(
            points ->
                new QualityProfile(points.stream().map(EvaluatedModels::measurement).toList()))
        .toList();
  }

  private static QualityProfile.Measurement measurement(SweepRow row) {
    RoutingSettings settings = row.point().settings();
    return new QualityProfile.Measurement(
        OverloadPolicies.point(settings),
        settings.routing(),
        1, // all of one batch size
        row.accuracy());
  }

  /** Returns how accurate the points of all models are, the first one's full quality among them. */
  public Quality quality() {
    RoutingSettings full = rows.get(0).get(1).point().settings();
    Routing routing = full.routing();
    QualityProfile profile = QualityProfile.ofModels(profiles());
    return new Quality(
        profile, routing, profile.accuracy(OverloadPolicies.point(full), routing, 1));
  }

  /**
   * Returns what each bound may choose from: {@value OverloadPolicies#CLAIRVOYANT} among the points
   * of all models, and where there are several {@value OverloadPolicies#CLAIRVOYANT_ALONE} among
   * those of the first one.
   */
  public Map<String, AccuracyFrontier> frontiers(Rates rates) {
    Map<String, AccuracyFrontier> frontiers = new LinkedHashMap<>();
    if (rows.size() > 1) {
      frontiers.put(OverloadPolicies.CLAIRVOYANT_ALONE, AccuracyFrontier.of(rows.get(0), rates));
    }
    frontiers.put(OverloadPolicies.CLAIRVOYANT, AccuracyFrontier.ofModels(rows, rates));
    return frontiers;
  }
}
