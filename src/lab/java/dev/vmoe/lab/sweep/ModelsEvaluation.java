package dev.vmoe.lab.sweep;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model, its dense twin and others on the same labelled images in one pass: each batch runs at
 * every setting of every model in turn. Results are told apart by split of the images, and each
 * setting of each model is compared with the twin, paired by image.
 */
public final class ModelsEvaluation {

  private final @Nullable ModelCard twin;
  private final int batch;

  /** The model with its twin, then the others. */
  private final List<Member> members = new ArrayList<>();

  private final SplitMasks splits = new SplitMasks();
  private boolean warm;

  /** A model and how it is measured. */
  private record Member(ModelCard card, List<RoutingSettings> settings, Evaluation evaluation) {}

  /**
   * Creates an evaluation.
   *
   * @param twin a dense model for the same images, or null
   * @param batch maximum number of images of a batch
   */
  public ModelsEvaluation(
      BatchClassifier model,
      List<RoutingSettings> settings,
      @Nullable BatchClassifier twin,
      int batch) {
    this.twin = twin == null ? null : twin.card();
    this.batch = batch;
    add(model, settings, twin);
  }

  /** Adds another model for the same images. */
  public void add(BatchClassifier other, List<RoutingSettings> settings) {
    add(other, settings, null);
  }

  private void add(
      BatchClassifier model, List<RoutingSettings> settings, @Nullable BatchClassifier dense) {
    members.add(new Member(model.card(), settings, new Evaluation(model, dense, settings, batch)));
  }

  /**
   * Runs one batch at every setting of every model.
   *
   * @param images (B, H, W, 3) uint8
   * @param classes (B) true class of each image
   * @param splitOf (B) split of each image; empty for none
   */
  public void add(ByteBuffer images, int[] classes, List<String> splitOf) {
    if (!warm) {
      members.forEach(member -> member.evaluation().warmUp(images, classes.length));
      warm = true;
    }
    splits.add(splitOf);
    members.forEach(member -> member.evaluation().add(images, classes));
  }

  /** Returns the rows of the model so far: its twin first, then the settings in their order. */
  public List<SweepRow> rows() {
    return members.get(0).evaluation().rows();
  }

  /** Returns all models: the model, its twin if there is one, then the others. */
  public List<EvaluatedModel> models() {
    List<EvaluatedModel> models = new ArrayList<>();
    for (Member member : members) {
      List<SweepPoint> points =
          member.settings().stream().map(routing -> new SweepPoint(routing, batch)).toList();
      models.add(model(member.card(), member.evaluation(), points));
    }
    twin()
        .filter(dense -> !dense.card().equals(members.get(0).card())) // a dense model is its own
        .ifPresent(dense -> models.add(1, dense));
    return models;
  }

  /** Returns the dense twin. */
  public Optional<EvaluatedModel> twin() {
    return Optional.ofNullable(twin)
        .map(card -> model(card, members.get(0).evaluation(), List.of(SweepPoint.dense(batch))));
  }

  private EvaluatedModel model(ModelCard card, Evaluation evaluation, List<SweepPoint> points) {
    List<SweepRow> rows = evaluation.rows();
    List<EvaluatedPoint> evaluated = new ArrayList<>();
    for (SweepPoint point : points) {
      SweepRow row = rows.stream().filter(it -> it.point().equals(point)).findFirst().orElseThrow();
      List<SweepRun> dense =
          point.isDense() || twin == null
              ? List.of()
              : members.get(0).evaluation().runs(SweepPoint.dense(batch));
      evaluated.add(
          new EvaluatedPoint(
              card, row, splits.results(evaluation.runs(point), dense, Statistics.MEANS)));
    }
    return new EvaluatedModel(card, evaluated);
  }
}
