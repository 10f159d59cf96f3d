package dev.vmoe.lab.sizing;

import dev.vmoe.lab.overload.ArrivalTrace;
import dev.vmoe.streams.output.Table;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

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
    double[] own = ArrivalTrace.poisson(perInstance, end, 1);
    double[] taken = ArrivalTrace.poisson(perInstance / (instances - 1), end - BEFORE_SECONDS, 2);
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
    double[] latencies = new double[images.length];
    Arrays.setAll(
        latencies,
        i -> outcome.latencySeconds(i) + images[i].entersSeconds() - images[i].sentSeconds());
    int[] sentSince =
        IntStream.range(0, images.length)
            .filter(i -> images[i].sentSeconds() >= BEFORE_SECONDS)
            .toArray();
    double[] lateUntil =
        Arrays.stream(sentSince)
            .filter(i -> latencies[i] > LATENCY_SECONDS)
            .mapToDouble(i -> images[i].sentSeconds() + latencies[i] - BEFORE_SECONDS)
            .toArray();
    double[] sorted =
        Arrays.stream(sentSince)
            .filter(i -> images[i].sentSeconds() >= settled)
            .mapToDouble(i -> latencies[i])
            .sorted()
            .toArray();
    table.add(
        instances,
        load,
        Table.decimals(perInstance * instances, 0),
        Planner.FAIL_OVER_SECONDS,
        Table.decimals((double) lateUntil.length / sentSince.length, 4),
        Table.decimals(Arrays.stream(lateUntil).max().orElse(0), 1),
        Table.decimals(1e3 * SimulatedOutcome.quantile(sorted, 0.99), 0),
        Table.decimals(outcome.mean(settled, it -> it.point().capacityRatio()), 3),
        Table.decimals(
            outcome.mean(settled, it -> forecaster.accuracy(it.point(), it.images())), 4));
  }
}
