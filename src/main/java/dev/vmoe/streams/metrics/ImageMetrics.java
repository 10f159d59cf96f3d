package dev.vmoe.streams.metrics;

import io.micrometer.core.instrument.Counter;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleSupplier;

/** Records images read, answered and refused. */
public final class ImageMetrics {

  private static final List<String> DEAD_LETTER_CAUSES =
      List.of("avro", "schema", "refused", "image", "expired", "timeout", "poison", "fetch");

  private final Meters meters;
  private final Counter read;
  private final Counter answered;
  private final Counter late;
  private final ReasonCounter deadLetters;
  private final Map<String, Counter> fetches = new HashMap<>();
  private final DistributionDataPoint fetchTime;
  private final DistributionDataPoint queue;
  private final DistributionDataPoint decode;
  private final DistributionDataPoint latency;
  private final DoubleSupplier targetSeconds;
  private volatile Map<String, Counter> byModel = Map.of();

  /**
   * Creates the recorder.
   *
   * @param targetSeconds target latency in force, in seconds; not a number before it is known
   */
  ImageMetrics(Meters meters, DoubleSupplier targetSeconds) {
    this.meters = meters;
    this.targetSeconds = targetSeconds;
    read = meters.counter(Metric.IMAGES_READ);
    answered = meters.counter(Metric.IMAGES_ANSWERED);
    late = meters.counter(Metric.IMAGES_LATE);
    deadLetters = new ReasonCounter(meters, Metric.IMAGES_DEAD_LETTERED);
    DEAD_LETTER_CAUSES.forEach(deadLetters::counter);
    for (String outcome : List.of("fetched", "refused", "failed")) {
      fetches.put(outcome, meters.counter(Metric.FETCHES, outcome));
    }
    fetchTime = meters.histogram(Metric.FETCH_TIME);
    queue = meters.histogram(Metric.IMAGE_QUEUE);
    decode = meters.histogram(Metric.IMAGE_DECODE);
    latency = meters.histogram(Metric.IMAGE_LATENCY);
  }

  /** Counts the answers of these models from now on; of those before no more. */
  synchronized void serve(List<String> models) {
    Map<String, Counter> before = byModel;
    Map<String, Counter> now = new HashMap<>();
    for (String model : models) {
      Counter known = before.get(model);
      now.put(model, known == null ? meters.counter(Metric.MODEL_IMAGES, model) : known);
    }
    byModel = now;
    before.forEach(
        (model, counter) -> {
          if (!now.containsKey(model)) {
            meters.remove(counter);
          }
        });
  }

  /**
   * Counts answers by the model that gave them; the last ones of a model that is no longer served
   * are not counted.
   */
  public void answeredBy(String model, int images) {
    Counter counter = byModel.get(model);
    if (counter != null) {
      counter.increment(images);
    }
  }

  /** Counts a record taken from the images topic. */
  public void read() {
    read.increment();
  }

  /**
   * Records an emitted prediction.
   *
   * @param queueNanos time from reading to the start of the run, in nanoseconds
   * @param decodeNanos time spent on decoding, in nanoseconds
   * @param ageMillis time since the record's timestamp, in milliseconds; a timestamp in the future
   *     counts as now
   * @param waitedNanos time since the instance first saw the record, in nanoseconds
   */
  public void answered(long queueNanos, long decodeNanos, long ageMillis, long waitedNanos) {
    answered.increment();
    queue.observe(Unit.nanosToSeconds(queueNanos));
    decode.observe(Unit.nanosToSeconds(decodeNanos));
    latency.observe(Unit.millisToSeconds(Math.max(0, ageMillis)));
    if (Unit.nanosToSeconds(waitedNanos) > targetSeconds.getAsDouble()) {
      late.increment();
    }
  }

  /**
   * Counts a dead letter.
   *
   * @param cause a value of the metric's label
   */
  public void deadLettered(String cause) {
    deadLetters.increment(cause);
  }

  /**
   * Records the end of a fetch.
   *
   * @param outcome a value of the metric's label
   * @param nanos its time, in nanoseconds
   */
  public void fetchEnded(String outcome, long nanos) {
    Objects.requireNonNull(fetches.get(outcome), outcome).increment();
    fetchTime.observe(Unit.nanosToSeconds(nanos));
  }
}
