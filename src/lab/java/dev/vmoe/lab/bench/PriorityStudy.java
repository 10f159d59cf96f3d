package dev.vmoe.lab.bench;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.sweep.Interval;
import dev.vmoe.lab.sweep.PointRunner;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What priority gives to the images that have it, and what it takes from the others of their batch.
 *
 * <p>Image i belongs to part i mod parts. At each ratio a batch runs once with equal priorities,
 * and once for each part with that part's images prioritised. So every image is prioritised once,
 * is one of the others in all other runs, and is compared with itself.
 *
 * <p>Two more runs are the measure: all images at the reference ratio, and all images with K = 1
 * and nothing dropped. The second is what an image is worth that keeps each first choice and no
 * second one: second choices claim after the first choices of all images.
 */
public final class PriorityStudy {

  /**
   * The design of the study.
   *
   * @param expertsPerToken K
   * @param referenceRatio capacity ratio to compare with, at equal priorities
   * @param ratios capacity ratios under pressure
   * @param priority of the prioritised images; the others have the default
   * @param parts one image in this many is prioritised, at least 2
   */
  public record Design(
      int expertsPerToken, double referenceRatio, List<Double> ratios, float priority, int parts) {

    /** Rejects what cannot be run. */
    public Design {
      ratios = List.copyOf(ratios);
      ImagePriority.require(priority);
      if (parts < 2) {
        throw new IllegalArgumentException("one image in " + parts + " leaves no others");
      }
    }
  }

  /** Which images, in which runs. */
  public enum Group {
    /** All images at the reference ratio, none prioritised. */
    REFERENCE("reference"),
    /** All images with their first choices alone, nothing dropped. */
    FIRST_CHOICES("first choices"),
    /** All images, none prioritised. */
    EQUAL("equal"),
    /** The images that are prioritised. */
    PRIORITISED("prioritised"),
    /** The images beside those that are prioritised. */
    OTHERS("others");

    private final String label;

    Group(String label) {
      this.label = label;
    }

    /** Returns the name in tables. */
    public String label() {
      return label;
    }
  }

  /**
   * One line of the result.
   *
   * @param group which images, in which runs
   * @param capacityRatio requested capacity ratio
   * @param effectiveCapacityRatio capacity ratio of the first batch
   * @param expertsPerToken K
   * @param images different images
   * @param accuracy correct answers over answers
   * @param comparedWith whose accuracy is subtracted; null for the reference itself
   * @param difference accuracy less that of the same images in the group compared with
   * @param low lower end of the difference's 95 % interval, paired bootstrap over images
   * @param high upper end of that interval
   * @param processedShare mean share of token choices that found a slot
   * @param skippedShare mean share of tokens, over layers, that got no slot
   */
  public record GroupRow(
      Group group,
      double capacityRatio,
      double effectiveCapacityRatio,
      int expertsPerToken,
      int images,
      double accuracy,
      @Nullable Group comparedWith,
      @Nullable Double difference,
      @Nullable Double low,
      @Nullable Double high,
      double processedShare,
      double skippedShare) {}

  /**
   * Scores of the images of one group, each the mean over the runs in which it was of the group.
   */
  private static final class Tally {
    final Group group;
    final RoutingSettings settings;
    final int runs;
    double[] scores = new double[1024];
    double effectiveRatio;
    double processed;
    double skipped;

    Tally(Group group, RoutingSettings settings, int runs) {
      this.group = group;
      this.settings = settings;
      this.runs = runs;
    }

    void room(int images) {
      if (scores.length < images) {
        scores = Arrays.copyOf(scores, Math.max(images, 2 * scores.length));
      }
    }
  }

  /** The tallies of one ratio under pressure. */
  private record Pressure(Tally equal, Tally prioritised, Tally others) {}

  private final BatchClassifier model;
  private final Design design;
  private final Tally reference;
  private final Tally firstChoices;
  private final List<Pressure> pressures = new ArrayList<>();
  private int images;

  /**
   * Creates a study of a model.
   *
   * @throws IllegalArgumentException if the model has no experts, or fewer a token than asked for
   */
  public PriorityStudy(BatchClassifier model, Design design) {
    ModelCard card = model.card();
    if (card.dense()) {
      throw new IllegalArgumentException(card.name() + " is dense: nothing competes for slots");
    }
    card.requireExpertsPerToken(design.expertsPerToken());
    this.model = model;
    this.design = design;
    this.reference = new Tally(Group.REFERENCE, settings(design.referenceRatio()), 1);
    this.firstChoices =
        new Tally(
            Group.FIRST_CHOICES,
            new RoutingSettings(card.numExperts(), 1, Routing.BATCH_PRIORITY),
            1);
    for (double ratio : design.ratios()) {
      pressures.add(
          new Pressure(
              new Tally(Group.EQUAL, settings(ratio), 1),
              new Tally(Group.PRIORITISED, settings(ratio), 1),
              new Tally(Group.OTHERS, settings(ratio), design.parts() - 1)));
    }
  }

  private RoutingSettings settings(double ratio) {
    return new RoutingSettings(ratio, design.expertsPerToken(), Routing.BATCH_PRIORITY);
  }

  /**
   * Runs one batch through all of the study.
   *
   * @param buffer (B, H, W, 3) uint8
   * @param classes (B) true class of each image
   */
  public void add(ByteBuffer buffer, int[] classes) {
    float[] equal = ImagePriority.equal(classes.length);
    tally(run(buffer, equal, reference), classes, i -> reference);
    tally(run(buffer, equal, firstChoices), classes, i -> firstChoices);
    for (Pressure pressure : pressures) {
      tally(run(buffer, equal, pressure.equal()), classes, i -> pressure.equal());
      for (int part = 0; part < design.parts(); part++) {
        int chosen = part;
        float[] priorities = ImagePriority.equal(classes.length);
        for (int i = 0; i < priorities.length; i++) {
          priorities[i] = isOf(chosen, i) ? design.priority() : ImagePriority.DEFAULT;
        }
        tally(
            run(buffer, priorities, pressure.prioritised()),
            classes,
            i -> isOf(chosen, i) ? pressure.prioritised() : pressure.others());
      }
    }
    images += classes.length;
  }

  private boolean isOf(int part, int indexInBatch) {
    return (images + indexInBatch) % design.parts() == part;
  }

  private BatchResult run(ByteBuffer buffer, float[] priorities, Tally tally) {
    return model.classify(buffer, priorities.length, priorities, tally.settings);
  }

  @FunctionalInterface
  private interface TallyOfImage {
    Tally of(int indexInBatch);
  }

  private void tally(BatchResult result, int[] classes, TallyOfImage tallies) {
    RoutingCounts counts = result.counts();
    double tokensOfLayers = (double) model.card().tokensPerImage() * counts.numLayers();
    for (int i = 0; i < classes.length; i++) {
      Tally tally = tallies.of(i);
      tally.room(images + classes.length);
      if (tally.effectiveRatio == 0) {
        tally.effectiveRatio = result.effectiveCapacityRatio();
      }
      boolean correct = PointRunner.argMax(result.logits()[i]) == classes[i];
      tally.scores[images + i] += (correct ? 1.0 : 0.0) / tally.runs;
      tally.processed += counts.processedShare(i) / tally.runs;
      int skipped = 0;
      for (int layer = 0; layer < counts.numLayers(); layer++) {
        skipped += counts.skipped()[i * counts.numLayers() + layer];
      }
      tally.skipped += skipped / tokensOfLayers / tally.runs;
    }
  }

  /**
   * Returns the rows so far: the two measures, then three rows a ratio.
   *
   * @param seed of the bootstrap
   */
  public List<GroupRow> rows(long seed) {
    if (images == 0) {
      throw new IllegalStateException("no images have been run");
    }
    List<GroupRow> rows = new ArrayList<>();
    rows.add(row(reference, null, seed));
    rows.add(row(firstChoices, reference, seed));
    for (Pressure pressure : pressures) {
      rows.add(row(pressure.equal(), reference, seed));
      rows.add(row(pressure.prioritised(), reference, seed));
      rows.add(row(pressure.others(), pressure.equal(), seed));
    }
    return rows;
  }

  private GroupRow row(Tally tally, @Nullable Tally other, long seed) {
    double[] scores = Arrays.copyOf(tally.scores, images);
    Interval interval =
        other == null ? null : Interval.ofPairs(scores, Arrays.copyOf(other.scores, images), seed);
    return new GroupRow(
        tally.group,
        tally.settings.capacityRatio(),
        tally.effectiveRatio,
        tally.settings.expertsPerToken(),
        images,
        Arrays.stream(scores).average().orElseThrow(),
        other == null ? null : other.group,
        interval == null ? null : interval.mean(),
        interval == null ? null : interval.low(),
        interval == null ? null : interval.high(),
        tally.processed / images,
        tally.skipped / images);
  }
}
