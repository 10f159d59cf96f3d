package dev.vmoe.lab.sweep;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs settings of a model, and its dense twin, on decoded images. */
public final class PointRunner {

  private final BatchClassifier model;
  private final @Nullable BatchClassifier twin;

  PointRunner(BatchClassifier model, @Nullable BatchClassifier twin) {
    this.model = model;
    this.twin = twin;
  }

  /** Returns what runs a setting. */
  private BatchClassifier classifier(SweepPoint point) {
    return point.isDense() && twin != null ? twin : model;
  }

  /** Runs the first images of a slice once. */
  void runOnce(ByteBuffer images, int count, SweepPoint point) {
    classifier(point).classify(images, count, point.settings());
  }

  /**
   * Runs a slice in batches.
   *
   * @param slice its number
   * @param images (n, H, W, 3) uint8
   * @param classes (n) true class of each image
   */
  SweepRun run(int slice, ByteBuffer images, int[] classes, SweepPoint point) {
    int imageBytes = model.card().imageSize() * model.card().imageSize() * 3;
    BitSet correct = new BitSet();
    long assigned = 0;
    long dispatched = 0;
    double effectiveRatio = 0;
    List<Double> millis = new ArrayList<>();
    for (int first = 0; first < classes.length; first += point.batch()) {
      int batch = Math.min(point.batch(), classes.length - first);
      ByteBuffer own = images.slice(first * imageBytes, batch * imageBytes);
      BatchResult result = classifier(point).classify(own, batch, point.settings());
      if (first == 0 && !point.isDense()) {
        effectiveRatio = result.effectiveCapacityRatio();
      }
      assigned += sum(result.counts().assigned());
      dispatched += sum(result.counts().dispatched());
      if (batch == point.batch() || first == 0) {
        millis.add(result.inferenceNanos() / 1e6 / batch);
      }
      for (int i = 0; i < batch; i++) {
        correct.set(first + i, argMax(result.logits()[i]) == classes[first + i]);
      }
    }
    return new SweepRun(
        slice,
        point,
        classes.length,
        correct,
        assigned,
        dispatched,
        effectiveRatio,
        Statistics.median(millis));
  }

  private static long sum(int[] counts) {
    return Arrays.stream(counts).asLongStream().sum();
  }

  /** Returns the class with the largest logit; of equals the lower index. */
  public static int argMax(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }
}
