package dev.vmoe.lab.sweep;

import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.inference.BatchResult;
import dev.vmoe.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Accuracy and time of one model at many settings, beside its dense twin.
 *
 * <p>Every batch is decoded once and then run at every setting in turn, so that all of them see the
 * same images in the same batches and share the machine's good and bad moments.
 */
public final class Evaluation {

  private final BatchClassifier model;
  private final @Nullable BatchClassifier denseTwin;
  private final List<Tally> tallies = new ArrayList<>();
  private final @Nullable Tally denseTally;
  private int images;

  /** What one setting has done so far. */
  private static final class Tally {
    final RoutingSettings settings;
    final BitSet correct = new BitSet();
    long inferenceNanos;
    double effectiveRatio;
    double processedShareSum;

    Tally(RoutingSettings settings) {
      this.settings = settings;
    }
  }

  /**
   * One line of the result.
   *
   * @param model name of the model
   * @param dense whether this is the dense twin; ratio, K and routing then mean nothing
   * @param capacityRatio requested capacity ratio
   * @param effectiveCapacityRatio capacity ratio of the first batch
   * @param expertsPerToken K
   * @param routing bpr or vanilla
   * @param images images evaluated
   * @param accuracy correct / images
   * @param millisPerImage time of the model alone, in milliseconds an image
   * @param processedShare mean share of token choices that found a slot
   * @param minusDense accuracy less the dense twin's; null without a twin
   * @param minusDenseLow lower end of the difference's 95 % interval, paired by image
   * @param minusDenseHigh upper end of that interval
   */
  public record Row(
      String model,
      boolean dense,
      double capacityRatio,
      double effectiveCapacityRatio,
      int expertsPerToken,
      String routing,
      int images,
      double accuracy,
      double millisPerImage,
      double processedShare,
      @Nullable Double minusDense,
      @Nullable Double minusDenseLow,
      @Nullable Double minusDenseHigh) {}

  /**
   * Creates an evaluation of a model at these settings.
   *
   * @param denseTwin a dense model for the same images, or null
   */
  public Evaluation(
      BatchClassifier model, @Nullable BatchClassifier denseTwin, List<RoutingSettings> settings) {
    this.model = model;
    this.denseTwin = denseTwin;
    settings.forEach(s -> tallies.add(new Tally(s)));
    this.denseTally = denseTwin == null ? null : new Tally(settings.get(0));
  }

  /**
   * Runs one batch at every setting.
   *
   * @param buffer (B, H, W, 3) uint8
   * @param classes (B) true class of each image
   */
  public void add(ByteBuffer buffer, int[] classes) {
    if (denseTwin != null && denseTally != null) {
      run(denseTwin, denseTally, buffer, classes);
    }
    for (Tally tally : tallies) {
      run(model, tally, buffer, classes);
    }
    images += classes.length;
  }

  private void run(BatchClassifier classifier, Tally tally, ByteBuffer buffer, int[] classes) {
    BatchResult result = classifier.classify(buffer, classes.length, tally.settings);
    tally.inferenceNanos += result.inferenceNanos();
    tally.effectiveRatio = images == 0 ? result.effectiveCapacityRatio() : tally.effectiveRatio;
    for (int i = 0; i < classes.length; i++) {
      tally.correct.set(images + i, argMax(result.logits()[i]) == classes[i]);
      tally.processedShareSum += result.counts().processedShare(i);
    }
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

  /** Returns the rows so far: the dense twin first, then the settings in their order. */
  public List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    if (denseTwin != null && denseTally != null) {
      rows.add(row(denseTwin, denseTally, true));
    }
    tallies.forEach(tally -> rows.add(row(model, tally, model.card().dense())));
    return rows;
  }

  private Row row(BatchClassifier classifier, Tally tally, boolean dense) {
    Double difference = null;
    Double halfWidth = null;
    if (denseTally != null && tally != denseTally) {
      BitSet gained = minus(tally.correct, denseTally.correct);
      BitSet lost = minus(denseTally.correct, tally.correct);
      double n = images;
      double mean = (gained.cardinality() - lost.cardinality()) / n;
      double variance = (gained.cardinality() + lost.cardinality()) / n - mean * mean;
      difference = mean;
      halfWidth = 1.96 * Math.sqrt(variance / n);
    }
    return new Row(
        classifier.card().name(),
        dense,
        tally.settings.capacityRatio(),
        tally.effectiveRatio,
        tally.settings.expertsPerToken(),
        tally.settings.routing().label(),
        images,
        tally.correct.cardinality() / (double) images,
        tally.inferenceNanos / 1e6 / images,
        tally.processedShareSum / images,
        difference,
        difference == null || halfWidth == null ? null : difference - halfWidth,
        difference == null || halfWidth == null ? null : difference + halfWidth);
  }

  private static BitSet minus(BitSet left, BitSet right) {
    BitSet difference = (BitSet) left.clone();
    difference.andNot(right);
    return difference;
  }
}
