package dev.vmoe.lab.sweep;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs every setting of a plan on the same images.
 *
 * <p>The images are cut into slices. On each slice every setting runs once, in an order drawn anew:
 * a slice is one repetition of all settings, so that a machine that slows down, slows all of them.
 */
public final class Sweep {

  private final PointRunner runner;
  private final SweepPlan plan;
  private final ImageSample sample;
  private final long seed;

  private record Key(int slice, SweepPoint point) {}

  /**
   * Creates a sweep.
   *
   * @param twin the dense twin; null if the plan has none
   * @param seed seed of the order in which settings run
   * @throws IllegalArgumentException if the plan varies the capacity of a dense model, or the twin
   *     is none
   */
  public Sweep(
      BatchClassifier model,
      @Nullable BatchClassifier twin,
      SweepPlan plan,
      ImageSample sample,
      long seed) {
    this.runner = new PointRunner(model, twin);
    this.plan = plan;
    this.sample = sample;
    this.seed = seed;
    ModelCard card = model.card();
    if (card.dense() && !plan.equals(SweepPlan.ofDense(plan.batches()))) {
      throw new IllegalArgumentException(
          card.name() + " has no experts: there is no capacity to sweep");
    }
    plan.expertsPerToken().forEach(card::requireExpertsPerToken);
    if (twin != null) {
      requireTwin(card, twin.card());
    }
  }

  private static void requireTwin(ModelCard card, ModelCard twin) {
    if (!twin.dense()) {
      throw new IllegalArgumentException(twin.name() + " is no dense model, it has experts");
    }
    if (!twin.classes().equals(card.classes())
        || twin.imageSize() != card.imageSize()
        || !twin.resize().equals(card.resize())) {
      throw new IllegalArgumentException(
          String.format(
              "%s (%d classes, %d pixels, %s) does not see images as %s does (%d classes, %d"
                  + " pixels, %s)",
              twin.name(),
              twin.classes().size(),
              twin.imageSize(),
              twin.resize(),
              card.name(),
              card.classes().size(),
              card.imageSize(),
              card.resize()));
    }
  }

  /** Returns how many runs the whole sweep has. */
  public int totalRuns() {
    return sample.slices() * plan.points().size();
  }

  /**
   * Runs every setting on one batch or a few, which also warms the models up.
   *
   * @return about how long one slice takes, in nanoseconds
   */
  public long measureSliceNanos() throws IOException {
    ImageSample.ImageSlice slice = sample.slice(0);
    double nanos = 0;
    for (SweepPoint point : plan.points()) {
      int images = Math.min(point.batch(), slice.classes().length);
      long shortest = Long.MAX_VALUE;
      for (int i = 0; i < (images <= 4 ? 3 : 1); i++) {
        long started = System.nanoTime();
        runner.runOnce(slice.images(), images, point);
        shortest = Math.min(shortest, System.nanoTime() - started);
      }
      nanos += shortest * ((double) slice.classes().length / images);
    }
    return (long) nanos;
  }

  /**
   * Does what the log does not have yet.
   *
   * @param doneRuns told how many runs of the whole are done, after each
   * @throws IOException if the images cannot be read or the log cannot be written
   */
  public void run(SweepLog log, LongConsumer doneRuns) throws IOException {
    Set<Key> done = new HashSet<>();
    log.runs().forEach(run -> done.add(new Key(run.slice(), run.point())));
    long count = done.size();
    doneRuns.accept(count);
    for (int number = 0; number < sample.slices(); number++) {
      List<SweepPoint> points = new ArrayList<>(plan.points());
      Collections.shuffle(points, new Random(seed + number));
      int slice = number;
      points.removeIf(point -> done.contains(new Key(slice, point)));
      if (points.isEmpty()) {
        continue;
      }
      ImageSample.ImageSlice images = sample.slice(number);
      for (SweepPoint point : points) {
        log.append(runner.run(number, images.images(), images.classes(), point));
        doneRuns.accept(++count);
      }
    }
  }
}
