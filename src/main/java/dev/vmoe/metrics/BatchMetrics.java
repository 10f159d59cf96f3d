package dev.vmoe.metrics;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Records the runs of micro-batches; called by one thread. */
public final class BatchMetrics {

  private final ReasonCounter batches;
  private final DistributionSummary size;
  private final Timer inference;
  private final Level processed;

  BatchMetrics(Meters meters, List<String> flushReasons) {
    batches = new ReasonCounter(meters, Metric.BATCHES);
    flushReasons.forEach(batches::counter);
    size = meters.summary(Metric.BATCH_SIZE);
    inference = meters.timer(Metric.BATCH_INFERENCE);
    processed = meters.level(Metric.BATCH_PROCESSED);
  }

  /**
   * A batch is done with, whether or not it held anything to run.
   *
   * @param flushReason what closed it
   */
  public void finished(String flushReason) {
    batches.increment(flushReason);
  }

  /**
   * The model ran.
   *
   * @param images images of the batch
   * @param inferenceNanos time of the run, in nanoseconds
   * @param processedShare share of the token choices that found a slot, 0 to 1
   */
  public void ran(int images, long inferenceNanos, double processedShare) {
    size.record(images);
    inference.record(inferenceNanos, TimeUnit.NANOSECONDS);
    processed.set(processedShare);
  }
}
