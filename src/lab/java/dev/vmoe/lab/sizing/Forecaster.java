package dev.vmoe.lab.sizing;

import dev.vmoe.capacity.AdaptiveCapacity;
import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.CostModel;
import dev.vmoe.capacity.DelayTracker;
import dev.vmoe.capacity.FixedCapacity;
import dev.vmoe.capacity.Hysteresis;
import dev.vmoe.capacity.Ladder;
import dev.vmoe.capacity.ObservedCapacity;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.PointBounds;
import dev.vmoe.capacity.QualityProfile;
import dev.vmoe.lab.overload.ArrivalTrace;
import dev.vmoe.lab.sizing.SimulatedInstance.Batch;
import dev.vmoe.lab.sizing.SimulatedInstance.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;

/**
 * Foretells what an instance does under a steady load, by simulating it with measured costs and the
 * controller that it really has.
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
  private static final double SHORTEST_SECONDS = 20;

  /** Images that a p99 is taken of, at least, unless that takes too long. */
  private static final int ENOUGH_IMAGES = 2_000;

  private static final double LONGEST_SECONDS = 120;

  /** Partitions an instance has, for what it takes in at most; more never bind before. */
  private static final int PARTITIONS = 4;

  private static final int BATCHES_IN_FLIGHT = 4;
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
   * @param overhead the part of the latency that the controller takes for given
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

  /** Returns the points of an instance with batches of at most this many, the cheapest first. */
  public Ladder ladder(int maxImages) {
    return Ladder.of(costs.model(1), quality, costs.order(), maxImages, bounds);
  }

  /** Returns the best point of an instance with batches of at most this many. */
  public OperatingPoint best(int maxImages) {
    Ladder ladder = ladder(maxImages);
    return ladder.rung(ladder.top());
  }

  /** Returns the cheapest point of an instance with batches of at most this many. */
  public OperatingPoint cheapest(int maxImages) {
    return ladder(maxImages).rung(0);
  }

  /** Returns a controller as an instance has it in adaptive mode. */
  public CapacityController adaptive(Batching batching, double latencySeconds) {
    CostModel own = costs.model(1);
    own.fullBatch(batching.maxImages());
    return new ObservedCapacity(
        new AdaptiveCapacity(
            own,
            ladder(batching.maxImages()),
            Duration.ofNanos(Math.round(1e9 * latencySeconds)),
            overhead,
            Hysteresis.DEFAULT),
        own,
        new DelayTracker(),
        Hysteresis.DEFAULT.staleAfter());
  }

  /** Returns a controller that stays at a point. */
  public CapacityController fixed(OperatingPoint point) {
    return new FixedCapacity(point, costs.order());
  }

  /**
   * Returns what an instance answers at most with full batches at a point.
   *
   * @return images a second
   */
  public double throughput(OperatingPoint point, int batchImages) {
    MeasuredCosts.InPipeline pipeline = costs.pipeline();
    double run = costs.model(pipeline.slowdown()).runSeconds(point, batchImages);
    return batchImages / (run + batchImages * gapSeconds());
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
        .inFlightImages(PARTITIONS * BATCHES_IN_FLIGHT * batching.maxImages());
  }

  /**
   * Returns the same forecaster for instances that are so many times as fast in everything, which
   * nobody has measured.
   */
  Forecaster faster(double times) {
    return new Forecaster(costs.faster(times), quality, bounds, commitSeconds, overhead);
  }

  /** Returns what an instance in adaptive mode does. */
  public Forecast adaptive(Batching batching, double latencySeconds, double imagesPerSecond) {
    List<Part> parts = new ArrayList<>();
    for (int seed = 1; seed <= REPETITIONS; seed++) {
      double[] sent = sent(imagesPerSecond, seed);
      Outcome outcome = instance(batching).seed(seed).run(sent, adaptive(batching, latencySeconds));
      parts.add(new Part(sent, outcome, batching, SETTLING_SECONDS));
    }
    return forecast(parts, imagesPerSecond);
  }

  /**
   * Returns what an instance does with one trace of arrivals.
   *
   * @param controller one that has seen nothing
   */
  public Forecast of(ArrivalTrace trace, Batching batching, CapacityController controller) {
    double[] sent = new double[trace.images()];
    Arrays.setAll(sent, trace::seconds);
    Outcome outcome = instance(batching).run(sent, controller);
    double rate = sent.length / trace.lastSeconds();
    return forecast(List.of(new Part(sent, outcome, batching, 0)), rate);
  }

  private static double[] sent(double imagesPerSecond, int seed) {
    double seconds =
        SETTLING_SECONDS
            + Math.min(
                LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, ENOUGH_IMAGES / imagesPerSecond));
    double[] sent = poisson(imagesPerSecond, seconds, seed);
    return sent.length > 0 && sent[sent.length - 1] > SETTLING_SECONDS
        ? sent
        : new double[] {SETTLING_SECONDS + 1};
  }

  /** Returns when images come in, in seconds; maybe none does. */
  static double[] poisson(double imagesPerSecond, double seconds, long seed) {
    Random random = new Random(seed);
    DoubleStream.Builder times = DoubleStream.builder();
    double time = 0;
    while (true) {
      time -= Math.log1p(-random.nextDouble()) / imagesPerSecond;
      if (time >= seconds) {
        return times.build().toArray();
      }
      times.add(time);
    }
  }

  /** One repetition, without its beginning. */
  private final class Part {
    final double[] sorted;
    final double batches;
    final double full;
    final double busy;
    final double ratio;
    final double experts;
    final double accuracy;
    final double gaveUp;
    final double images;

    Part(double[] sent, Outcome outcome, Batching batching, double from) {
      int first = 0;
      while (sent[first] < from) {
        first++;
      }
      sorted = new double[sent.length - first];
      for (int i = first; i < sent.length; i++) {
        sorted[i - first] = outcome.latencySeconds(i);
      }
      Arrays.sort(sorted);
      double count = 0;
      double filled = 0;
      double ran = 0;
      double ratios = 0;
      double ks = 0;
      double right = 0;
      double best = 0;
      double of = 0;
      OperatingPoint top = best(batching.maxImages());
      double end = from;
      for (Batch batch : outcome.batches()) {
        end = Math.max(end, batch.endSeconds());
        if (batch.startSeconds() >= from) {
          OperatingPoint point = batch.decision().point();
          count++;
          filled += batch.images() == batching.maxImages() ? 1 : 0;
          ran += batch.endSeconds() - batch.startSeconds() + gapSeconds() * batch.images();
          ratios += batch.images() * point.capacityRatio();
          ks += batch.images() * point.expertsPerToken();
          right += batch.images() * quality.accuracy(point, costs.order(), batch.images());
          best += batch.images() * quality.accuracy(top, costs.order(), batch.images());
          of += batch.images();
        }
      }
      batches = count;
      full = filled;
      busy = Math.min(1, ran / (end - from));
      ratio = ratios / of;
      experts = ks / of;
      accuracy = right / of;
      gaveUp = Math.max(0, best - right) / of;
      images = of;
    }

    double quantileMs(double share) {
      return 1e3 * sorted[(int) Math.min(sorted.length - 1.0, share * sorted.length)];
    }
  }

  private static Forecast forecast(List<Part> parts, double imagesPerSecond) {
    double images = parts.stream().mapToDouble(part -> part.images).sum();
    double batches = parts.stream().mapToDouble(part -> part.batches).sum();
    double[] p99 = parts.stream().mapToDouble(part -> part.quantileMs(0.99)).sorted().toArray();
    return new Forecast(
        imagesPerSecond,
        images / batches,
        parts.stream().mapToDouble(part -> part.full).sum() / batches,
        parts.stream().mapToDouble(part -> part.busy).average().orElseThrow(),
        parts.stream().mapToDouble(part -> part.ratio).average().orElseThrow(),
        parts.stream().mapToDouble(part -> part.experts).average().orElseThrow(),
        parts.stream().mapToDouble(part -> part.accuracy).average().orElseThrow(),
        parts.stream().mapToDouble(part -> part.gaveUp).average().orElseThrow(),
        parts.stream().mapToDouble(part -> part.quantileMs(0.5)).average().orElseThrow(),
        Arrays.stream(p99).average().orElseThrow(),
        p99[0],
        p99[p99.length - 1]);
  }
}
