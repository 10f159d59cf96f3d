package dev.vmoe.metrics;

import io.micrometer.core.instrument.Counter;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/** Records what becomes of images. */
public final class ImageMetrics {

  private final Meters meters;
  private final Counter read;
  private final Counter answered;
  private final Counter late;
  private final Counter notAvro;
  private final Counter unknownSchema;
  private final Counter refused;
  private final Counter badImages;
  private final DistributionDataPoint queue;
  private final DistributionDataPoint decode;
  private final DistributionDataPoint latency;
  private final DoubleSupplier targetSeconds;

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
    queue = meters.histogram(Metric.IMAGE_QUEUE);
    decode = meters.histogram(Metric.IMAGE_DECODE);
    latency = meters.histogram(Metric.IMAGE_LATENCY);
  }

  /** A record was taken from the images topic. */
  public void read() {
    read.increment();
  }

  /**
   * A prediction was emitted.
   *
   * @param queueNanos from reading to the start of the run, in nanoseconds
   * @param decodeNanos spent on decoding, in nanoseconds
   * @param ageMillis time since the record's timestamp, in milliseconds; a timestamp in the future
   *     counts as now
   * @param waitedNanos the part of it since the record was first seen, in nanoseconds
   */
  public void answered(long queueNanos, long decodeNanos, long ageMillis, long waitedNanos) {
    answered.increment();
    queue.observe(Seconds.ofNanos(queueNanos));
    decode.observe(Seconds.ofNanos(decodeNanos));
    latency.observe(Seconds.ofMillis(Math.max(0, ageMillis)));
    if (Seconds.ofNanos(waitedNanos) > targetSeconds.getAsDouble()) {
      late.increment();
    }
  }

  /** A dead letter was emitted because its record's value was not Avro. */
  public void notAvro() {
    notAvro.increment();
  }

  /** A dead letter was emitted because its record's schema did not say how to read it. */
  public void unknownSchema() {
    unknownSchema.increment();
  }

  /** A dead letter was emitted because there was no image in its record that may be tried. */
  public void refused() {
    refused.increment();
  }

  /** A dead letter was emitted because its image could not be decoded. */
  public void badImage() {
    badImages.increment();
  }

  /**
   * Says where to ask what is in flight, at each scrape.
   *
   * @param images images read and not yet answered
   * @param bytes bytes of their records
   */
  public void inFlight(LongSupplier images, LongSupplier bytes) {
    meters.gauge(Metric.IMAGES_IN_FLIGHT, images::getAsLong);
    meters.gauge(Metric.IN_FLIGHT_BYTES, bytes::getAsLong);
  }
}
