package dev.vmoe.lab.sweep;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A sweep in one pass: each batch is decoded once and then run at every setting in turn. So all
 * settings see the same images in the same batches and share the machine's good and bad moments.
 */
public final class Evaluation {

  private final BatchClassifier model;
  private final @Nullable BatchClassifier twin;
  private final PointRunner runner;
  private final List<SweepPoint> points = new ArrayList<>();
  private final List<SweepRun> runs = new ArrayList<>();
  private int batches;

  /**
   * Creates an evaluation of a model at these settings.
   *
   * @param twin a dense model for the same images, or null
   * @param batch maximum number of images of a batch
   */
  public Evaluation(
      BatchClassifier model,
      @Nullable BatchClassifier twin,
      List<RoutingSettings> settings,
      int batch) {
    this.model = model;
    this.twin = twin;
    this.runner = new PointRunner(model, twin);
    if (twin != null) {
      points.add(SweepPoint.dense(batch));
    }
    settings.forEach(routing -> points.add(new SweepPoint(routing, batch)));
  }

  /**
   * Runs one batch at every setting.
   *
   * @param images (B, H, W, 3) uint8
   * @param classes (B) true class of each image
   */
  public void add(ByteBuffer images, int[] classes) {
    points.forEach(point -> runs.add(runner.run(batches, images, classes, point)));
    batches++;
  }

  /** Runs every setting once without counting it: the first runs of a model are slower. */
  void warmUp(ByteBuffer images, int count) {
    points.forEach(point -> runner.runOnce(images, count, point));
  }

  /** Returns the runs of a setting so far, a slice each batch. */
  List<SweepRun> runs(SweepPoint point) {
    return runs.stream().filter(run -> run.point().equals(point)).toList();
  }

  /** Returns the rows so far: the dense twin first, then the settings in their order. */
  public List<SweepRow> rows() {
    return SweepSummary.of(
        points,
        runs,
        model.card().name(),
        twin == null ? null : twin.card().name(),
        Statistics.MEANS);
  }
}
