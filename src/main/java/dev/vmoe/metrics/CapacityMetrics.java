package dev.vmoe.metrics;

import io.micrometer.core.instrument.Counter;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import java.util.function.LongSupplier;

/**
 * Records what capacity control sees and does: operating point, load, prediction, configuration.
 *
 * <p>Decisions and costs are recorded by the inference thread, loads and configurations by whoever
 * reads them.
 */
public final class CapacityMetrics {

  /**
   * A reading of the load, and when it was taken; replaced whole. The first is none: a load that
   * was never read is as old as the instance.
   */
  private record Reading(double arrivalsPerSecond, long readNanos) {}

  /** What the instance can do; replaced whole. */
  private record Attainable(double best, double fastest) {}

  private final LongSupplier nanoClock;

  private final Level requestedRatio;
  private final Level effectiveRatio;
  private final Level expertsPerToken;
  private final ReasonCounter decisions;
  private final ReasonCounter changes;
  private final Level predictedDelay;
  private final Level actualDelay;
  private final Level latencyTarget;
  private final DistributionDataPoint costError;
  private final Level backlog;
  private final Level backlogAge;
  private final Level configurationVersion;
  private final Counter configurationsRefused;

  private volatile Reading reading;
  private volatile Attainable attainable = new Attainable(Double.NaN, Double.NaN);

  CapacityMetrics(Meters meters, LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    reading = new Reading(Double.NaN, nanoClock.getAsLong());
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
    return Seconds.ofNanos(nanoClock.getAsLong() - reading.readNanos());
  }

  /**
   * A batch ran at this operating point.
   *
   * @param requested capacity ratio that was asked for
   * @param effective capacity ratio that resulted
   * @param k experts each token was sent to
   * @param reason why
   * @param predictedDelayNanos when the last image that waits will be answered, in nanoseconds; 0
   *     where nothing is predicted
   */
  public void decided(
      double requested, double effective, int k, String reason, long predictedDelayNanos) {
    decisions.increment(reason);
    boolean first = Double.isNaN(requestedRatio.get());
    if (!first && (requestedRatio.get() != requested || expertsPerToken.get() != k)) {
      changes.increment(reason);
    }
    requestedRatio.set(requested);
    effectiveRatio.set(effective);
    expertsPerToken.set(k);
    predictedDelay.set(
        predictedDelayNanos == 0 ? Double.NaN : Seconds.ofNanos(predictedDelayNanos));
  }

  /** An image that a delay was predicted for has been answered, after so many nanoseconds. */
  public void delayed(long actualNanos) {
    actualDelay.set(Seconds.ofNanos(actualNanos));
  }

  /** A run that should have taken so many nanoseconds has taken so many. */
  public void cost(long predictedNanos, long actualNanos) {
    if (actualNanos > 0) {
      costError.observe(Math.abs(predictedNanos - actualNanos) / (double) actualNanos);
    }
  }

  /**
   * The load was read just now.
   *
   * @param backlogImages images sent and not yet answered, of the partitions of this instance
   * @param arrivalsPerSecond images a second that come in for them
   * @param oldestNanos how long the oldest of the backlog has waited, in nanoseconds; 0 if none
   *     waits
   */
  public void load(long backlogImages, double arrivalsPerSecond, long oldestNanos) {
    backlog.set(backlogImages);
    backlogAge.set(Seconds.ofNanos(oldestNanos));
    reading = new Reading(arrivalsPerSecond, nanoClock.getAsLong());
  }

  /**
   * What the instance can do, by its cost model.
   *
   * @param bestPerSecond images a second at the operating point of highest quality
   * @param fastestPerSecond images a second at the cheapest one
   */
  public void attainable(double bestPerSecond, double fastestPerSecond) {
    attainable = new Attainable(bestPerSecond, fastestPerSecond);
  }

  /**
   * A configuration came into force.
   *
   * @param version its record's offset; -1 for the settings file
   * @param targetNanos target latency, in nanoseconds
   */
  public void configured(long version, long targetNanos) {
    configurationVersion.set(version);
    latencyTarget.set(Seconds.ofNanos(targetNanos));
  }

  /** Returns the target latency, in seconds; not a number before it is known. */
  double latencyTargetSeconds() {
    return latencyTarget.get();
  }

  /** A configuration record was refused. */
  public void configurationRefused() {
    configurationsRefused.increment();
  }
}
