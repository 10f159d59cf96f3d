package dev.vmoe.streams.metrics;

import io.micrometer.core.instrument.Counter;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.function.LongSupplier;

/**
 * Records the inputs and decisions of capacity control: load, operating point, prediction,
 * configuration.
 *
 * <p>The inference threads record decisions and costs; the threads that read loads and
 * configurations record those.
 */
public final class CapacityMetrics {

  /**
   * The last reading of the load and its time; replaced as a whole. Until the first reading the
   * rate is not a number, and the time is that of the start.
   */
  private record LoadReading(double arrivalsPerSecond, long readNanos) {}

  /** Images a second that the instance can answer; replaced as a whole. */
  private record Attainable(double best, double fastest) {}

  private final LongSupplier nanoClock;

  private final GaugeValue requestedRatio;
  private final GaugeValue effectiveRatio;
  private final GaugeValue expertsPerToken;
  private final ReasonCounter decisions;
  private final ReasonCounter changes;
  private final GaugeValue predictedDelay;
  private final GaugeValue actualDelay;
  private final GaugeValue latencyTarget;
  private final DistributionDataPoint costError;
  private final GaugeValue backlog;
  private final GaugeValue backlogAge;
  private final GaugeValue configurationVersion;
  private final Counter configurationsRefused;

  /** Of the last decision; belongs to those who record decisions, one at a time. */
  private int lastModel;

  private volatile LoadReading reading;
  private volatile Attainable attainable = new Attainable(Double.NaN, Double.NaN);

  CapacityMetrics(Meters meters, LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    reading = new LoadReading(Double.NaN, nanoClock.getAsLong());
    requestedRatio = meters.level(Metric.CAPACITY_REQUESTED);
    effectiveRatio = meters.level(Metric.CAPACITY_EFFECTIVE);
    expertsPerToken = meters.level(Metric.EXPERTS_PER_TOKEN);
    decisions = new ReasonCounter(meters, Metric.DECISIONS);
    changes = new ReasonCounter(meters, Metric.POINT_CHANGES);
    predictedDelay = meters.level(Metric.DELAY_PREDICTED);
    actualDelay = meters.level(Metric.DELAY_ACTUAL);
    latencyTarget = meters.level(Metric.LATENCY_TARGET);
    costError = meters.histogram(Metric.COST_ERROR);
    backlog = meters.level(Metric.BACKLOG);
    backlogAge = meters.level(Metric.BACKLOG_AGE);
    meters.gauge(Metric.ARRIVALS, () -> reading.arrivalsPerSecond());
    meters.gauge(Metric.LOAD_AGE, this::loadAgeSeconds);
    meters.gauge(Metric.ATTAINABLE, () -> attainable.best(), "best");
    meters.gauge(Metric.ATTAINABLE, () -> attainable.fastest(), "fastest");
    meters.gauge(
        Metric.OFFERED_LOAD, () -> reading.arrivalsPerSecond() / attainable.best(), "best");
    meters.gauge(
        Metric.OFFERED_LOAD, () -> reading.arrivalsPerSecond() / attainable.fastest(), "fastest");
    configurationVersion = meters.level(Metric.CONFIGURATION_VERSION);
    configurationVersion.set(-1);
    configurationsRefused = meters.counter(Metric.CONFIGURATIONS_REFUSED);
  }

  private double loadAgeSeconds() {
    return Unit.nanosToSeconds(nanoClock.getAsLong() - reading.readNanos());
  }

  /**
   * Records a batch's operating point.
   *
   * @param model index of the model among those beside each other
   * @param requested requested capacity ratio
   * @param effective effective capacity ratio
   * @param k experts per token
   * @param reason the controller's reason
   * @param predictedDelayNanos predicted time to clear the queue, in nanoseconds; 0 if nothing is
   *     predicted
   */
  public void decided(
      int model,
      double requested,
      double effective,
      int k,
      String reason,
      long predictedDelayNanos) {
    decisions.increment(reason);
    boolean first = Double.isNaN(requestedRatio.get());
    if (!first
        && (lastModel != model
            || requestedRatio.get() != requested
            || expertsPerToken.get() != k)) {
      changes.increment(reason);
    }
    lastModel = model;
    requestedRatio.set(requested);
    effectiveRatio.set(effective);
    expertsPerToken.set(k);
    predictedDelay.set(
        predictedDelayNanos == 0 ? Double.NaN : Unit.nanosToSeconds(predictedDelayNanos));
  }

  /** Records how long the images took that waited at a decision, in nanoseconds. */
  public void delayed(long actualNanos) {
    actualDelay.set(Unit.nanosToSeconds(actualNanos));
  }

  /** Records a run's predicted and actual time, in nanoseconds. */
  public void cost(long predictedNanos, long actualNanos) {
    if (actualNanos > 0) {
      costError.observe(Math.abs(predictedNanos - actualNanos) / (double) actualNanos);
    }
  }

  /**
   * Records the load, read just now.
   *
   * @param backlogImages images sent and not yet answered, of the partitions of this instance
   * @param arrivalsPerSecond images a second that arrive in them
   * @param oldestNanos wait of the oldest image of the backlog, in nanoseconds; 0 if none waits
   */
  public void load(long backlogImages, double arrivalsPerSecond, long oldestNanos) {
    backlog.set(backlogImages);
    backlogAge.set(Unit.nanosToSeconds(oldestNanos));
    reading = new LoadReading(arrivalsPerSecond, nanoClock.getAsLong());
  }

  /**
   * Records what the instance can answer, by its cost model.
   *
   * @param bestPerSecond images a second at the operating point of highest quality
   * @param fastestPerSecond images a second at the cheapest operating point
   */
  public void attainable(double bestPerSecond, double fastestPerSecond) {
    attainable = new Attainable(bestPerSecond, fastestPerSecond);
  }

  /**
   * Records the configuration now in force.
   *
   * @param version offset of its record; -1 for the settings file
   * @param targetNanos target latency, in nanoseconds
   */
  public void configured(long version, long targetNanos) {
    configurationVersion.set(version);
    latencyTarget.set(Unit.nanosToSeconds(targetNanos));
  }

  /** Returns the target latency in seconds; not a number before it is known. */
  double latencyTargetSeconds() {
    return latencyTarget.get();
  }

  /** Counts a refused configuration record. */
  public void configurationRefused() {
    configurationsRefused.increment();
  }
}
