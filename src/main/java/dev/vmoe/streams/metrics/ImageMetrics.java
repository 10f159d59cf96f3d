package dev.vmoe.streams.metrics;

import io.micrometer.core.instrument.Counter;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/** Records images read, answered and refused. */
public final class ImageMetrics {

  private final Meters meters;
  private final Counter read;
  private final Counter answered;
  private final Counter late;
  private final Counter notAvro;
  private final Counter unknownSchema;
  private final Counter refused;
  private final Counter badImages;
  private final Counter expired;
  private final Counter timedOut;
  private final Counter poison;
  private final Counter notFetched;
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
    notAvro = meters.counter(Metric.IMAGES_DEAD_LETTERED, "avro");
    unknownSchema = meters.counter(Metric.IMAGES_DEAD_LETTERED, "schema");
    refused = meters.counter(Metric.IMAGES_DEAD_LETTERED, "refused");
    badImages = meters.counter(Metric.IMAGES_DEAD_LETTERED, "image");
    expired = meters.counter(Metric.IMAGES_DEAD_LETTERED, "expired");
    timedOut = meters.counter(Metric.IMAGES_DEAD_LETTERED, "timeout");
    poison = meters.counter(Metric.IMAGES_DEAD_LETTERED, "poison");
    notFetched = meters.counter(Metric.IMAGES_DEAD_LETTERED, "fetch");
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

  /** Counts a dead letter whose record's value was not Avro. */
  public void notAvro() {
    notAvro.increment();
  }

  /** Counts a dead letter whose record's schema was unknown or unreadable. */
  public void unknownSchema() {
    unknownSchema.increment();
  }

  /** Counts a dead letter whose record had no image within the limits. */
  public void refused() {
    refused.increment();
  }

  /** Counts a dead letter whose image could not be decoded. */
  public void badImage() {
    badImages.increment();
  }

  /** Counts a dead letter whose image could not be answered in time. */
  public void expired() {
    expired.increment();
  }

  /** Counts a dead letter whose image was not decoded in time. */
  public void timedOut() {
    timedOut.increment();
  }

  /** Counts a dead letter over whose image processes ended. */
  public void poison() {
    poison.increment();
  }

  /** Counts a dead letter whose image did not come from its address. */
  public void notFetched() {
    notFetched.increment();
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

  /** Sets the supplier of the bytes of images by address; asked at each scrape. */
  public void fetchedBytes(LongSupplier bytes) {
    meters.gauge(Metric.FETCHED_BYTES, bytes::getAsLong);
  }

  /**
   * Sets the supplier of the partitions over whose images processes ended; asked at each scrape.
   *
   * @param partitions partitions whose images are not answered since
   */
  public void suspected(LongSupplier partitions) {
    meters.gauge(Metric.PARTITIONS_SUSPECTED, partitions::getAsLong);
  }

  /**
   * Sets the suppliers of the images that hold their partition; asked at each scrape.
   *
   * @param images images read that may not go on yet
   * @param fetching images whose partition waits for one that is still being fetched
   */
  public void held(LongSupplier images, LongSupplier fetching) {
    meters.gauge(Metric.IMAGES_HELD, images::getAsLong);
    meters.gauge(Metric.IMAGES_FETCHING, fetching::getAsLong);
  }

  /**
   * Sets the suppliers of what decoding takes; asked at each scrape.
   *
   * @param bytes memory of the images that are being decoded
   * @param hung threads that hang on one
   */
  public void decoding(LongSupplier bytes, LongSupplier hung) {
    meters.gauge(Metric.DECODE_BYTES, bytes::getAsLong);
    meters.gauge(Metric.DECODES_HUNG, hung::getAsLong);
  }

  /**
   * Sets the suppliers of what is in flight; asked at each scrape.
   *
   * @param images images read and not yet answered
   * @param bytes bytes of their records
   */
  public void inFlight(LongSupplier images, LongSupplier bytes) {
    meters.gauge(Metric.IMAGES_IN_FLIGHT, images::getAsLong);
    meters.gauge(Metric.IN_FLIGHT_BYTES, bytes::getAsLong);
  }
}
