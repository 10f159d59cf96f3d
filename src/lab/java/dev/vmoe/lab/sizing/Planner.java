package dev.vmoe.lab.sizing;

import dev.vmoe.lab.sizing.Plan.Alternative;
import dev.vmoe.lab.sizing.Plan.FailOver;
import dev.vmoe.lab.sizing.Plan.Limit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Finds the minimum number of instances that meets a demand, and their batches.
 *
 * <p>For each batch size, it searches for the maximum rate of one instance. At that rate, and at
 * the peak, p99 must be within the latency; at the mean rate, no more accuracy may be given up than
 * is allowed. This rate does not depend on the demand's rate, so a larger demand never takes fewer
 * instances. Among the batch sizes that need the fewest instances, and all lingers, the best one by
 * {@link #better} is taken.
 */
public final class Planner {

  /** With fewer images a batch, routing has too little to choose from. */
  private static final int MIN_BATCH = 8;

  private static final List<Integer> LINGERS_MS = List.of(0, 5, 10, 20, 50, 100, 200);
  private static final int USUAL_LINGER_MS = 20;

  /** Step of the grid of rates: 2 %. */
  private static final double STEP = 1.02;

  private static final double MIN_RATE = 0.1;

  /** Measured from a kill to the first new prediction of its partitions: 5.6 to 10.7 s. */
  static final double FAIL_OVER_SECONDS = 10.7;

  private static final int USUAL_PARTITIONS = 6;

  /** Maximum share of a stream thread that its images may take. */
  private static final double THREAD_SHARE = 0.5;

  private static final double GIGABIT_BYTES = 125e6;

  private final Forecaster forecaster;
  private final List<Integer> batches;
  private final List<Integer> lingersMs;

  /**
   * Creates a planner.
   *
   * @param batches images of a full batch to choose from; empty for all that were measured
   * @param lingersMs lingers to choose from, in milliseconds; empty for the usual ones
   */
  public Planner(Forecaster forecaster, List<Integer> batches, List<Integer> lingersMs) {
    this.forecaster = forecaster;
    this.batches = batches.isEmpty() ? usualBatches(forecaster.costs()) : List.copyOf(batches);
    this.lingersMs = lingersMs.isEmpty() ? LINGERS_MS : List.copyOf(lingersMs);
    int largest = forecaster.costs().batchSizes().stream().max(Integer::compare).orElseThrow();
    for (int batch : this.batches) {
      if (batch > largest) {
        throw new IllegalArgumentException(
            "batches of "
                + batch
                + " images: none of more than "
                + largest
                + " was measured. Measure them with vmoe lab plan --max-batch "
                + batch);
      }
    }
  }

  private static List<Integer> usualBatches(MeasuredCosts costs) {
    List<Integer> sizes = costs.batchSizes();
    List<Integer> usual = sizes.stream().filter(size -> size >= MIN_BATCH).toList();
    return usual.isEmpty() ? sizes : usual;
  }

  /**
   * Plans.
   *
   * @throws IllegalArgumentException if no number of instances can answer within the latency
   */
  public Plan plan(Demand demand) {
    List<Integer> lingers = possibleLingers(demand);
    MaxRate max = maxRate(demand, lingers);
    int instances = (int) Math.ceil(demand.imagesPerSecond() / max.perInstance());
    Alternative best = null;
    Batching batching = max.batching();
    for (Batching candidate : candidates(max, lingers)) {
      Alternative it = alternative(demand, candidate, instances);
      if (it.meets() && (best == null || better(demand).compare(it, best) < 0)) {
        best = it;
        batching = candidate;
      }
    }
    if (best == null) { // noise at the very edge
      best = alternative(demand, batching, instances);
    }
    return plan(demand, max.perInstance(), best, batching);
  }

  /**
   * In this order: half of the latency is left; the highest accuracy, to a tenth of a point; the
   * least busy model, in steps of 5 % (fuller batches); the lowest latency, in steps of 10 ms.
   */
  private static Comparator<Alternative> better(Demand demand) {
    return Comparator.<Alternative>comparingInt(
            it -> it.atRate().p99Ms() <= 1e3 * demand.latencySeconds() / 2 ? 0 : 1)
        .thenComparingLong(it -> -Math.round(1e3 * it.atRate().accuracy()))
        .thenComparingLong(it -> Math.round(20 * it.atRate().busyShare()))
        .thenComparingLong(it -> Math.round(it.atRate().p99Ms() / 10));
  }

  /** Half of what the controller has left must be more than the linger. */
  private List<Integer> possibleLingers(Demand demand) {
    double left = demand.latencySeconds() - forecaster.overhead().toNanos() / 1e9;
    List<Integer> possible = lingersMs.stream().filter(linger -> linger / 1e3 < left / 2).toList();
    if (possible.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "a latency of %.0f ms leaves %.0f ms beside commits and transport (%d ms), which has"
                  + " to be more than twice the linger (%d ms): allow more, or commit more often"
                  + " (--commit-interval, streams.commit.interval.ms)",
              1e3 * demand.latencySeconds(),
              Math.max(0, 1e3 * left),
              forecaster.overhead().toMillis(),
              lingersMs.stream().min(Integer::compare).orElseThrow()));
    }
    return possible;
  }

  /** The maximum rate of an instance, and the batches with which it is reached. */
  private record MaxRate(double perInstance, Batching batching, List<Integer> asGood) {}

  private MaxRate maxRate(Demand demand, List<Integer> lingers) {
    int linger =
        lingers.stream()
            .filter(it -> it <= USUAL_LINGER_MS)
            .max(Integer::compare)
            .orElse(lingers.get(0));
    List<Double> rates = new ArrayList<>();
    for (int batch : batches) {
      rates.add(mostPerInstance(demand, new Batching(batch, linger)));
    }
    int best =
        IntStream.range(0, rates.size())
            .boxed()
            .max(Comparator.comparingDouble(rates::get))
            .orElseThrow();
    if (rates.get(best) == 0) {
      Forecast alone = forecast(demand, new Batching(batches.get(0), lingers.get(0)), MIN_RATE);
      throw new IllegalArgumentException(
          String.format(
              "no number of instances answers 99 %% within %.0f ms: an instance with next to no"
                  + " load needs %.0f ms. Allow more, commit more often (--commit-interval), or"
                  + " measure a faster device or a smaller model",
              1e3 * demand.latencySeconds(), alone.p99Ms()));
    }
    int fewest = (int) Math.ceil(demand.imagesPerSecond() / rates.get(best));
    List<Integer> asGood =
        IntStream.range(0, rates.size())
            .filter(i -> rates.get(i) * fewest >= demand.imagesPerSecond())
            .mapToObj(batches::get)
            .toList();
    return new MaxRate(rates.get(best), new Batching(batches.get(best), linger), asGood);
  }

  private List<Batching> candidates(MaxRate max, List<Integer> lingers) {
    return max.asGood().stream()
        .flatMap(batch -> lingers.stream().map(linger -> new Batching(batch, linger)))
        .toList();
  }

  /** Returns the largest rate on a grid at which an instance meets the demand; 0 if none does. */
  double mostPerInstance(Demand demand, Batching batching) {
    double highest =
        forecaster.throughput(forecaster.cheapest(batching.maxImages()), batching.maxImages());
    int low = 0; // meets
    int high = (int) Math.ceil(Math.log(highest / MIN_RATE) / Math.log(STEP)) + 1; // does not
    if (!meets(demand, batching, MIN_RATE)) {
      return 0;
    }
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (meets(demand, batching, rate(middle))) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return rate(low);
  }

  private static double rate(int step) {
    return MIN_RATE * Math.pow(STEP, step);
  }

  private boolean meets(Demand demand, Batching batching, double perInstance) {
    return meets(demand, forecast(demand, batching, perInstance))
        && inTime(demand, forecast(demand, batching, perInstance * demand.burst()));
  }

  private static boolean meets(Demand demand, Forecast atRate) {
    return inTime(demand, atRate) && atRate.gaveUp() <= demand.giveUp() + 1e-9;
  }

  private static boolean inTime(Demand demand, Forecast forecast) {
    return forecast.p99Ms() <= 1e3 * demand.latencySeconds();
  }

  private Forecast forecast(Demand demand, Batching batching, double perInstance) {
    return forecaster.adaptive(batching, demand.latencySeconds(), perInstance);
  }

  private Alternative alternative(Demand demand, Batching batching, int instances) {
    double perInstance = demand.imagesPerSecond() / instances;
    Forecast atRate = forecast(demand, batching, perInstance);
    Forecast atBurst =
        demand.burst() == 1 ? atRate : forecast(demand, batching, perInstance * demand.burst());
    return new Alternative(
        instances, atRate, atBurst, meets(demand, atRate) && inTime(demand, atBurst));
  }

  private Plan plan(Demand demand, double mostPerInstance, Alternative chosen, Batching batching) {
    int instances = chosen.instances();
    MeasuredCosts costs = forecaster.costs();
    int partitions = partitions(instances);
    int own = (partitions + instances - 1) / instances;
    double perInstance = demand.imagesPerSecond() / instances;
    int threads =
        (int)
            Math.ceil(
                perInstance
                    * demand.burst()
                    * costs.pipeline().streamsMillis()
                    / 1e3
                    / THREAD_SHARE);
    threads = Math.max(1, Math.min(own, threads));
    Forecast oneLost =
        instances == 1
            ? chosen.atRate()
            : forecast(
                demand,
                batching,
                demand.imagesPerSecond() * largestShare(partitions, instances - 1));
    return new Plan(
        demand,
        instances,
        threads,
        costs.threads(),
        partitions,
        batching,
        forecaster.best(batching.maxImages()),
        InstanceMemory.of(costs, batching, own, demand.imageBytes()),
        mostPerInstance,
        chosen.atRate(),
        chosen.atBurst(),
        oneLost,
        failOver(demand, batching, instances),
        limits(demand, batching, instances, threads),
        Stream.of(instances - 2, instances - 1, instances, instances + 1, 2 * instances)
            .distinct()
            .filter(it -> it > 0)
            .map(it -> it == instances ? chosen : alternative(demand, batching, it))
            .toList());
  }

  /** Returns the largest share of all images that one instance gets. */
  static double largestShare(int partitions, int instances) {
    return Math.ceil((double) partitions / instances) / partitions;
  }

  /**
   * Returns a number of partitions: at least two for each instance, the same number for each, and
   * nearly the same once one instance is lost.
   */
  static int partitions(int instances) {
    if (instances == 1) {
      return USUAL_PARTITIONS;
    }
    for (int each : new int[] {2, 3, 4, 6, 8}) {
      int partitions = each * instances;
      if (largestShare(partitions, instances - 1) * (instances - 1) <= 1.1) {
        return partitions;
      }
    }
    return 8 * instances;
  }

  private FailOver failOver(Demand demand, Batching batching, int instances) {
    double waiting = demand.imagesPerSecond() / instances * FAIL_OVER_SECONDS;
    double cheapest =
        forecaster.throughput(forecaster.cheapest(batching.maxImages()), batching.maxImages());
    // alone, a restarted instance answers what has come in meanwhile
    double room = Math.max(1, instances - 1) * cheapest - demand.imagesPerSecond();
    return new FailOver(waiting, room > 0 ? waiting / room : Double.POSITIVE_INFINITY);
  }

  private List<Limit> limits(Demand demand, Batching batching, int instances, int threads) {
    MeasuredCosts costs = forecaster.costs();
    int batch = batching.maxImages();
    List<Limit> limits = new ArrayList<>();
    limits.add(
        new Limit(
            "the model at its best point",
            instances * forecaster.throughput(forecaster.best(batch), batch),
            "capacity goes down, then accuracy"));
    limits.add(
        new Limit(
            "the model at its cheapest point",
            instances * forecaster.throughput(forecaster.cheapest(batch), batch),
            "backlog grows, answers are late"));
    if (costs.decodeMillis() > 0) {
      limits.add(
          new Limit(
              "decoding, were it alone",
              instances * costs.decodeThreads() * 1e3 / costs.decodeMillis(),
              "backlog grows: give instances more cores"));
    }
    if (costs.pipeline().streamsMillis() > 0) {
      limits.add(
          new Limit(
              "stream threads",
              instances * threads * 1e3 / costs.pipeline().streamsMillis(),
              "backlog grows: set streams.num.stream.threads"));
    }
    limits.add(
        new Limit(
            "images into a broker over 1 Gbit/s",
            GIGABIT_BYTES / demand.imageBytes(),
            "producers wait: spread the partitions over more brokers"));
    limits.sort(Comparator.comparingDouble(Limit::imagesPerSecond));
    return limits;
  }
}
