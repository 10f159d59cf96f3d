package dev.vmoe.streams.metrics;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.List;

/** Records the runs of micro-batches; called by one thread. */
public final class BatchMetrics {

  private final ReasonCounter batches;
  private final DistributionDataPoint linger;
  private final DistributionDataPoint size;
  private final DistributionDataPoint inference;
  private final GaugeValue processed;

  BatchMetrics(Meters meters, List<String> flushReasons) {
    batches = new ReasonCounter(meters, Metric.BATCHES);
    flushReasons.forEach(batches::counter);
    linger = meters.histogram(Metric.BATCH_LINGER);
    size = meters.histogram(Metric.BATCH_SIZE);
    inference = meters.histogram(Metric.BATCH_INFERENCE);
    processed = meters.level(Metric.BATCH_PROCESSED);
  }

  /**
   * Counts a finished batch, even one without a decodable image.
   *
   * @param flushReason why it was closed
   * @param lingerNanos from its first image to its closing, in nanoseconds
   */
  public void finished(String flushReason, long lingerNanos) {
    batches.increment(flushReason);
    linger.observe(Unit.nanosToSeconds(lingerNanos));
  }

  /**
   * Records a run of the model.
   *
   * @param images images of the batch
   * @param inferenceNanos time of the run, in nanoseconds
   * @param processedShare share of the token choices that found a slot, 0 to 1
   */
  public void ran(int images, long inferenceNanos, double processedShare) {
    size.observe(images);
    inference.observe(Unit.nanosToSeconds(inferenceNanos));
    processed.set(processedShare);
  }
}
