package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.moe.Routing;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What an instance did in a simulation: its batches, and the latency of each image. */
public final class SimulatedOutcome {

  private final List<SimulatedBatch> batches;
  private final double[] latencies;
  private final double[] sorted;
  private final double target;

  SimulatedOutcome(List<SimulatedBatch> batches, double[] latencies, double target) {
    this.batches = List.copyOf(batches);
    this.latencies = latencies;
    this.target = target;
    this.sorted = latencies.clone();
    Arrays.sort(sorted);
  }

  /** Returns the batches in the order they ran. */
  public List<SimulatedBatch> batches() {
    return batches;
  }

  /** Returns from when an image was sent until its answer could be read, in seconds. */
  public double latencySeconds(int image) {
    return latencies[image];
  }

  double lateShare() {
    long late = 0;
    for (double latency : latencies) {
      late += latency > target ? 1 : 0;
    }
    return (double) late / latencies.length;
  }

  /** Returns the latency that this share of the images does not exceed, in seconds. */
  public double quantile(double share) {
    return quantile(sorted, share);
  }

  /** Returns the value that this share of at least one value, ascending, does not exceed. */
  static double quantile(double[] ascending, double share) {
    return ascending[(int) Math.min(ascending.length - 1.0, share * ascending.length)];
  }

  /** Returns the mean latency, in seconds. */
  public double mean() {
    return Arrays.stream(latencies).average().orElseThrow();
  }

  /** Returns images a batch. */
  public double meanBatch() {
    return (double) latencies.length / batches.size();
  }

  OperatingPoint pointAt(double seconds) {
    OperatingPoint point = batches.get(0).point();
    for (SimulatedBatch batch : batches) {
      if (batch.startSeconds() > seconds) {
        break;
      }
      point = batch.point();
    }
    return point;
  }

  /** Returns when, from a time on, the backlog first fits into this many images. */
  double backlogGone(double from, int images) {
    return batches.stream()
        .filter(batch -> batch.startSeconds() >= from && batch.backlog() <= images)
        .mapToDouble(SimulatedBatch::startSeconds)
        .findFirst()
        .orElse(Double.POSITIVE_INFINITY);
  }

  /**
   * Returns the mean over the images of the batches that began at a time or later.
   *
   * @param fromSeconds the time
   * @param figure of a batch
   */
  double mean(double fromSeconds, ToDoubleFunction<SimulatedBatch> figure) {
    double sum = 0;
    long images = 0;
    for (SimulatedBatch batch : batches) {
      if (batch.startSeconds() >= fromSeconds) {
        sum += batch.images() * figure.applyAsDouble(batch);
        images += batch.images();
      }
    }
    return sum / images;
  }

  /** Returns the mean accuracy over all images, as if all batches were of one size. */
  double accuracy(QualityProfile quality, Routing routing, int size) {
    return mean(0, batch -> quality.accuracy(batch.point(), routing, size));
  }

  /** Returns the mean accuracy over all images, each in a batch of the size it had. */
  public double accuracy(QualityProfile quality, Routing routing) {
    return mean(0, batch -> quality.accuracy(batch.point(), routing, batch.images()));
  }
}
