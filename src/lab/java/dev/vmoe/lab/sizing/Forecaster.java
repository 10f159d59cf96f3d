package dev.vmoe.lab.sizing;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.CapacityObserver;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.Ladder;
import dev.vmoe.core.capacity.LatencyBudget;
import dev.vmoe.core.capacity.LearningCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.PointBounds;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.lab.overload.ArrivalTrace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Predicts what an instance does under a steady load: simulates it with measured costs and its own
 * controller.
 *
 * <pre>
 * image sent ─▶ batch fills (linger, or full) ─▶ waits for the run before ─▶ gap · images + run ─▶
 *   transport ─▶ next commit ─▶ reader
 * run = surveyed(point, images) · slowdown · noise  (+ rest, where little waits)
 * </pre>
 *
 * <p>Arrivals are a Poisson process. Every repetition begins with an idle instance; its first part
 * does not count.
 */
public final class Forecaster {

  static final int REPETITIONS = 3;
  private static final double SETTLING_SECONDS = 5;
  private static final double MIN_SECONDS = 20;

  /** Minimum number of images for a p99, unless that takes too long. */
  private static final int MIN_IMAGES = 2_000;

  private static final double MAX_SECONDS = 120;

  /** Partitions of an instance, which limit how many images it takes in; more change nothing. */
  private static final int PARTITIONS = 4;

  /** Batches of a partition in flight beside those that run. */
  private static final int BATCHES_IN_FLIGHT = 3;

  private static final double LAG_INTERVAL_SECONDS = 0.25;

  private final MeasuredCosts costs;
  private final QualityProfile quality;
  private final PointBounds bounds;
  private final double commitSeconds;
  private final Duration overhead;

  /**
   * Creates a forecaster.
   *
   * @param quality accuracy of every operating point to choose from
   * @param bounds where the point has to stay
   * @param commitSeconds time between two commits
   * @param overhead the part of the latency that no operating point changes
   */
  public Forecaster(
      MeasuredCosts costs,
      QualityProfile quality,
      PointBounds bounds,
      double commitSeconds,
      Duration overhead) {
    this.costs = costs;
    this.quality = quality;
    this.bounds = bounds;
    this.commitSeconds = commitSeconds;
    this.overhead = overhead;
  }

  MeasuredCosts costs() {
    return costs;
  }

  QualityProfile quality() {
    return quality;
  }

  Duration overhead() {
    return overhead;
  }

  /** Returns the points of an instance, the cheapest first. */
  public Ladder ladder(int maxImages) {
    return Ladder.of(costs.model(1), quality, costs.order(), maxImages, bounds);
  }

  /** Returns the best point of an instance with these batches. */
  public OperatingPoint best(int maxImages) {
    Ladder ladder = ladder(maxImages);
    return ladder.best();
  }

  /** Returns the cheapest point of an instance with these batches. */
  public OperatingPoint cheapest(int maxImages) {
    return ladder(maxImages).cheapest();
  }

  /** Returns a controller as an instance has it in adaptive mode. */
  public CapacityController adaptive(Batching batching, double latencySeconds) {
    Duration target = Duration.ofNanos(Math.round(1e9 * latencySeconds));
    return LearningCapacity.adaptive(
        costs.model(1),
        ladder(batching.maxImages()),
        new LatencyBudget(target, overhead),
        CapacityObserver.NONE);
  }

  /** Returns a controller that stays at a point. */
  public CapacityController fixed(OperatingPoint point) {
    return new FixedCapacity(point, costs.order());
  }

  /**
   * Returns the throughput of an instance with full batches at a point.
   *
   * @return images a second
   */
  public double throughput(OperatingPoint point, int batchImages) {
    MeasuredCosts.InPipeline pipeline = costs.pipeline();
    double run = costs.model(pipeline.slowdown()).runSeconds(point, batchImages);
    return costs.parallelRuns() * batchImages / (run + batchImages * gapSeconds());
  }

  private double gapSeconds() {
    return costs.pipeline().gapMillis() / 1e3;
  }

  /** Returns an instance that costs what was measured. */
  public SimulatedInstance instance(Batching batching) {
    MeasuredCosts.InPipeline pipeline = costs.pipeline();
    return new SimulatedInstance(costs.model(pipeline.slowdown()), batching.maxImages())
        .linger(batching.lingerSeconds())
        .commitInterval(commitSeconds)
        .gapPerImage(gapSeconds())
        .noise(pipeline.noise(), pipeline.restMillis() / 1e3)
        .transport(0, pipeline.transportMillis() / 1e3)
        .readEvery(LAG_INTERVAL_SECONDS)
        .inFlightImages(
            PARTITIONS * (BATCHES_IN_FLIGHT + costs.parallelRuns()) * batching.maxImages());
  }

  /** Returns the same forecaster for hypothetical instances that are so many times as fast. */
  Forecaster faster(double times) {
    return new Forecaster(costs.faster(times), quality, bounds, commitSeconds, overhead);
  }

  /** Returns what an instance in adaptive mode does. */
  public Forecast adaptive(Batching batching, double latencySeconds, double imagesPerSecond) {
    List<Repetition> repetitions = new ArrayList<>();
    for (int seed = 1; seed <= REPETITIONS; seed++) {
      double[] sent = sent(imagesPerSecond, seed);
      SimulatedOutcome outcome =
          instance(batching).seed(seed).run(sent, adaptive(batching, latencySeconds));
      repetitions.add(new Repetition(sent, outcome, batching, SETTLING_SECONDS));
    }
    return forecast(repetitions, imagesPerSecond);
  }

  /**
   * Returns what an instance does with one trace of arrivals.
   *
   * @param controller one that has seen nothing
   */
  public Forecast of(ArrivalTrace trace, Batching batching, CapacityController controller) {
    double[] sent = new double[trace.images()];
    Arrays.setAll(sent, trace::seconds);
    SimulatedOutcome outcome = instance(batching).run(sent, controller);
    double rate = sent.length / trace.lastSeconds();
    return forecast(List.of(new Repetition(sent, outcome, batching, 0)), rate);
  }

  private static double[] sent(double imagesPerSecond, int seed) {
    double seconds =
        SETTLING_SECONDS
            + Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, MIN_IMAGES / imagesPerSecond));
    double[] sent = ArrivalTrace.poisson(imagesPerSecond, seconds, seed);
    return sent.length > 0 && sent[sent.length - 1] > SETTLING_SECONDS
        ? sent
        : new double[] {SETTLING_SECONDS + 1};
  }

  /** One repetition, without its beginning. */
  private final class Repetition {
    final double[] sorted;
    final double batches;
    final double full;
    final double images;
    final double busy;
    final double ratio;
    final double experts;
    final double accuracy;
    final double gaveUp;

    Repetition(double[] sent, SimulatedOutcome outcome, Batching batching, double from) {
      sorted =
          IntStream.range(0, sent.length)
              .filter(image -> sent[image] >= from)
              .mapToDouble(outcome::latencySeconds)
              .sorted()
              .toArray();
      double count = 0;
      double filled = 0;
      double of = 0;
      double ran = 0;
      double end = from;
      for (SimulatedBatch batch : outcome.batches()) {
        end = Math.max(end, batch.endSeconds());
        if (batch.startSeconds() >= from) {
          count++;
          filled += batch.images() == batching.maxImages() ? 1 : 0;
          of += batch.images();
          ran += batch.endSeconds() - batch.startSeconds() + gapSeconds() * batch.images();
        }
      }
      batches = count;
      full = filled;
      images = of;
      busy = Math.min(1, ran / costs.parallelRuns() / (end - from));
      ratio = outcome.mean(from, batch -> batch.point().capacityRatio());
      experts = outcome.mean(from, batch -> batch.point().expertsPerToken());
      accuracy = outcome.mean(from, batch -> accuracy(batch.point(), batch.images()));
      OperatingPoint top = best(batching.maxImages());
      gaveUp = Math.max(0, outcome.mean(from, batch -> accuracy(top, batch.images())) - accuracy);
    }

    double quantileMs(double share) {
      return 1e3 * SimulatedOutcome.quantile(sorted, share);
    }
  }

  /** Returns the accuracy to expect of a batch of this size. */
  double accuracy(OperatingPoint point, int images) {
    return quality.accuracy(point, costs.order(), images);
  }

  private static double mean(List<Repetition> repetitions, ToDoubleFunction<Repetition> figure) {
    return repetitions.stream().mapToDouble(figure).average().orElseThrow();
  }

  private static Forecast forecast(List<Repetition> repetitions, double imagesPerSecond) {
    double batches = mean(repetitions, one -> one.batches);
    double[] p99 = repetitions.stream().mapToDouble(one -> one.quantileMs(0.99)).sorted().toArray();
    return new Forecast(
        imagesPerSecond,
        mean(repetitions, one -> one.images) / batches,
        mean(repetitions, one -> one.full) / batches,
        mean(repetitions, one -> one.busy),
        mean(repetitions, one -> one.ratio),
        mean(repetitions, one -> one.experts),
        mean(repetitions, one -> one.accuracy),
        mean(repetitions, one -> one.gaveUp),
        mean(repetitions, one -> one.quantileMs(0.5)),
        mean(repetitions, one -> one.quantileMs(0.99)),
        p99[0],
        p99[p99.length - 1]);
  }
}
