package dev.vmoe.lab.sizing;

import dev.vmoe.output.Table;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Simulates what happens to one instance when another is killed: at first the lost partitions stand
 * still, then their waiting images come at once, and their share of the load stays.
 *
 * <p>The latency of images of the lost partitions counts from when they were sent.
 */
public final class LostInstance {

  private static final double BEFORE_SECONDS = 10;
  private static final double AFTER_SECONDS = 60;
  private static final Batching USUAL = new Batching(32, 20);
  private static final double LATENCY_SECONDS = 1;

  private LostInstance() {}

  /** An image of the simulated instance. */
  private record MovedImage(double sentSeconds, double entersSeconds) {}

  /**
   * Returns a row for each number of instances and load.
   *
   * @param forecaster what an instance does
   */
  public static Table table(Forecaster forecaster) {
    Table table =
        new Table(
            "instances",
            "load_of_best_point",
            "images_per_second",
            "stands_still_seconds",
            "late_share",
            "late_until_seconds",
            "p99_ms_once_settled",
            "capacity_ratio_once_settled",
            "accuracy_once_settled");
    double bestPerSecond =
        forecaster.throughput(forecaster.best(USUAL.maxImages()), USUAL.maxImages());
    for (double load : new double[] {0.5, 0.7, 0.9}) {
      for (int instances : List.of(2, 3, 4, 8, 16)) {
        row(table, forecaster, instances, load, load * bestPerSecond);
      }
    }
    return table;
  }

  private static void row(
      Table table, Forecaster forecaster, int instances, double load, double perInstance) {
    double back = BEFORE_SECONDS + Planner.FAIL_OVER_SECONDS;
    double end = back + AFTER_SECONDS;
    double[] own = Forecaster.poisson(perInstance, end, 1);
    double[] taken = Forecaster.poisson(perInstance / (instances - 1), end - BEFORE_SECONDS, 2);
    MovedImage[] images = new MovedImage[own.length + taken.length];
    for (int i = 0; i < own.length; i++) {
      images[i] = new MovedImage(own[i], own[i]);
    }
    for (int i = 0; i < taken.length; i++) {
      double sent = BEFORE_SECONDS + taken[i];
      images[own.length + i] = new MovedImage(sent, Math.max(sent, back));
    }
    Arrays.sort(images, Comparator.comparingDouble(MovedImage::entersSeconds));
    double[] enters = Arrays.stream(images).mapToDouble(MovedImage::entersSeconds).toArray();
    SimulatedOutcome outcome =
        forecaster.instance(USUAL).run(enters, forecaster.adaptive(USUAL, LATENCY_SECONDS));
    double settled = end - AFTER_SECONDS / 3;
    double until = 0;
    int late = 0;
    int counted = 0;
    double[] latencies = new double[images.length];
    int last = 0;
    for (int i = 0; i < images.length; i++) {
      double wait = images[i].entersSeconds() - images[i].sentSeconds();
      double latency = outcome.latencySeconds(i) + wait;
      if (images[i].sentSeconds() >= BEFORE_SECONDS) {
        counted++;
        if (latency > LATENCY_SECONDS) {
          late++;
          until = Math.max(until, images[i].sentSeconds() + latency - BEFORE_SECONDS);
        }
      }
      if (images[i].sentSeconds() >= settled) {
        latencies[last++] = latency;
      }
    }
    double[] sorted = Arrays.copyOf(latencies, last);
    Arrays.sort(sorted);
    double ratios = 0;
    double right = 0;
    double ran = 0;
    for (SimulatedBatch batch : outcome.batches()) {
      if (batch.startSeconds() >= settled) {
        ran += batch.images();
        ratios += batch.images() * batch.decision().point().capacityRatio();
        right +=
            batch.images()
                * forecaster
                    .quality()
                    .accuracy(batch.decision().point(), forecaster.costs().order(), batch.images());
      }
    }
    table.add(
        instances,
        load,
        Table.decimals(perInstance * instances, 0),
        Planner.FAIL_OVER_SECONDS,
        Table.decimals((double) late / counted, 4),
        Table.decimals(until, 1),
        Table.decimals(1e3 * sorted[(int) Math.min(last - 1.0, 0.99 * last)], 0),
        Table.decimals(ratios / ran, 3),
        Table.decimals(right / ran, 4));
  }
}
