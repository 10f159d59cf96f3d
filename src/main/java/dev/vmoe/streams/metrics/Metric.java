package dev.vmoe.streams.metrics;

import java.util.List;

/**
 * Every metric of the pipeline; {@code src/docs/metrics.md} is printed from here.
 *
 * <p>Names follow Prometheus: one prefix, base units, {@code _total} for counters. Every label has
 * a bounded set of values: settings and the model limit it.
 */
public enum Metric {
  IMAGES_READ(
      counter("vmoe_images_read_total", "images"),
      "Records taken from the images topic, whatever their content. A record that is read again"
          + " after a crash or a rebalance counts again."),
  IMAGES_ANSWERED(counter("vmoe_images_answered_total", "images"), "Predictions emitted."),
  IMAGES_DEAD_LETTERED(
      counter("vmoe_images_dead_lettered_total", "images", "cause"),
      "Dead letters emitted. cause: avro, the value is no Avro record; schema, its schema is"
          + " unknown or cannot be read as an image request; refused, the value is missing or not"
          + " the JSON that is expected, a header is wrong, or a field is too large or out of"
          + " range; image, the image could not be decoded; expired, it could not be answered in"
          + " time; timeout, its decoding did not end; fetch, it did not come from its address;"
          + " poison, processes ended over it."),
  IMAGES_LATE(
      counter("vmoe_images_late_total", "images"),
      "Predictions emitted later than the target latency. Time counts from the record's timestamp"
          + " or from when the instance first saw the record in its partition, whichever is later:"
          + " a replay of old records is not late because of their age."),
  IMAGES_IN_FLIGHT(
      gauge("vmoe_images_in_flight", "images"),
      "Images read and not yet answered, of all partitions of the instance."),
  IN_FLIGHT_BYTES(
      gauge("vmoe_in_flight_bytes", "bytes"),
      "Bytes of the records in flight; reading pauses at a quarter of the heap."),
  IMAGES_FETCHING(
      gauge("vmoe_images_fetching", "images"),
      "Images of partitions whose next image is still being fetched from its address, with it."),
  FETCHES(
      counter("vmoe_fetches_total", "images", "outcome"),
      "Images by address whose fetch has ended. outcome: fetched; refused, the address or where it"
          + " led is not allowed; failed, no image came."),
  FETCH_TIME(
      histogram("vmoe_fetch_seconds", "seconds", Buckets.LATENCY),
      "Time to fetch one image, or to give it up, over all attempts."),
  FETCHED_BYTES(
      gauge("vmoe_fetched_bytes", "bytes"),
      "Bytes of images by address that are on their way, with what is reserved for them, or fetched"
          + " and not yet answered. Fetching ahead pauses when these and the records in flight"
          + " reach a quarter of the heap."),
  IMAGES_HELD(
      gauge("vmoe_images_held", "images"),
      "Images that were read and hold their partition: the first waits for its schema, which the"
          + " registry does not give, for room, for the commit of the takeover, or because another"
          + " image is tried alone. Nothing more is read of such a partition."),
  PARTITIONS_SUSPECTED(
      gauge("vmoe_partitions_suspected", "partitions"),
      "Partitions of the instance that a process left with images in work, until these are"
          + " answered. Above 0 for more than a minute: an image may end its processes."),
  IMAGE_QUEUE(
      histogram("vmoe_image_queue_seconds", "seconds", Buckets.LATENCY),
      "Time from reading an image to the start of its run: linger, decoding, and earlier runs."),
  IMAGE_DECODE(
      histogram("vmoe_image_decode_seconds", "seconds", Buckets.DECODE),
      "Time to decode and resize one image."),
  DECODE_BYTES(
      gauge("vmoe_decode_bytes", "bytes"),
      "Memory outside the heap that images take which are being decoded, as their headers claim it,"
          + " with what hanging decodes hold; at most decode.max.bytes."),
  DECODES_HUNG(
      gauge("vmoe_decode_threads_hung", "threads"),
      "Decode threads that hang on an image for longer than decode.timeout.ms; three at once end"
          + " the instance."),
  IMAGE_LATENCY(
      histogram("vmoe_image_latency_seconds", "seconds", Buckets.LATENCY),
      "Time from an image record's timestamp to the emission of its answer. A replay of old"
          + " records shows their age."),
  BATCHES(
      counter("vmoe_batches_total", "batches", "reason"),
      "Finished micro-batches, including those without a decodable image. reason: why they were"
          + " closed, as in the predictions."),
  BATCH_LINGER(
      histogram("vmoe_batch_linger_seconds", "seconds", Buckets.LATENCY),
      "Time that the oldest image of each micro-batch waited until the batch was closed."),
  BATCH_SIZE(
      histogram("vmoe_batch_images", "images", Buckets.IMAGES), "Images of each run of the model."),
  BATCH_INFERENCE(
      histogram("vmoe_batch_inference_seconds", "seconds", Buckets.LATENCY),
      "Time of the model's run on one micro-batch."),
  BATCH_PROCESSED(
      gauge("vmoe_batch_processed_ratio", "ratio"),
      "Share of the last micro-batch's token choices that found a slot; 1 for a dense model."),
  EXPERT_ASSIGNED(
      counter("vmoe_expert_choices_assigned_total", "choices", "layer", "expert"),
      "Choices of this expert by the tokens of answered images, before capacity. layer: encoder"
          + " block from 0, as in the utilization events."),
  EXPERT_DISPATCHED(
      counter("vmoe_expert_choices_dispatched_total", "choices", "layer", "expert"),
      "Choices of this expert that found a slot; the others were dropped."),
  EXPERT_IMPORTANCE(
      counter("vmoe_expert_importance_total", "gates", "layer", "expert"),
      "Gates of this expert, summed over all tokens of answered images, before the top-K choice."),
  EXPERT_SLOTS(
      counter("vmoe_expert_slots_total", "slots"),
      "Slots that each expert had for answered images. Dispatched / slots is utilization. With"
          + " models.ladder, of all models together: a layer that only one has looks less used."),
  TOKENS_DROPPED(
      counter("vmoe_tokens_dropped_entirely_total", "tokens", "layer"),
      "Tokens that got no expert in a layer: all their choices were dropped."),
  CAPACITY_REQUESTED(
      gauge("vmoe_capacity_requested_ratio", "ratio"),
      "Capacity ratio requested for the last micro-batch."),
  CAPACITY_EFFECTIVE(
      gauge("vmoe_capacity_effective_ratio", "ratio"),
      "Capacity ratio of the last micro-batch in effect, since slots are whole."),
  EXPERTS_PER_TOKEN(gauge("vmoe_experts_per_token", "experts"), "K of the last micro-batch."),
  DECISIONS(
      counter("vmoe_decisions_total", "decisions", "reason"),
      "Decisions on an operating point, one before each run. reason: the controller's; \"other\""
          + " after the first 16 reasons."),
  POINT_CHANGES(
      counter("vmoe_operating_point_changes_total", "changes", "reason"),
      "Micro-batches that ran at another operating point than the one before. reason: the"
          + " controller's; \"other\" after the first 16 reasons."),
  DELAY_PREDICTED(
      gauge("vmoe_delay_predicted_seconds", "seconds"),
      "Predicted time to clear the queue, from the last decision on."),
  DELAY_ACTUAL(
      gauge("vmoe_delay_actual_seconds", "seconds"),
      "Actual time until the images were answered that waited at a decision."),
  LATENCY_TARGET(
      gauge("vmoe_latency_target_seconds", "seconds"),
      "Target latency of the configuration in force."),
  COST_ERROR(
      histogram("vmoe_cost_error_ratio", "ratio", Buckets.ERROR),
      "Difference between a run's predicted and measured time, relative to the measured time."),
  BACKLOG(
      gauge("vmoe_backlog_images", "images"),
      "Images sent and not yet answered in the instance's partitions, at the last reading; without"
          + " partitions that wait for a schema, or over 100 ms for an image by address."),
  BACKLOG_AGE(
      gauge("vmoe_backlog_age_seconds", "seconds"),
      "Time that the oldest unanswered image has waited, at the last reading. It counts from when"
          + " the instance saw the image in its partition, not from the record's timestamp. For"
          + " older images it counts from when the instance took the partition over."),
  ARRIVALS(
      gauge("vmoe_arrivals_per_second", "images/second"),
      "Images a second that arrive in the instance's partitions, at the last reading."),
  LOAD_AGE(
      gauge("vmoe_load_age_seconds", "seconds"),
      "Time since the last reading of backlog and arrivals, or since the start; grows while the"
          + " brokers do not answer."),
  ATTAINABLE(
      gauge("vmoe_attainable_images_per_second", "images/second", "point"),
      "Images a second that the instance can answer. point: best, at the operating point of"
          + " highest quality; fastest, at the cheapest one."),
  OFFERED_LOAD(
      gauge("vmoe_offered_load_ratio", "ratio", "point"),
      "Arrivals / attainable images a second. Above 1 at the best point, quality is reduced; above"
          + " 1 at the fastest, the backlog grows even at minimum quality: scale out. A low"
          + " capacity in force hides neither."),
  CONFIGURATION_VERSION(
      gauge("vmoe_configuration_version", "offset"),
      "Version of the configuration in force: the offset of its record; -1 for the settings file."),
  CONFIGURATIONS_REFUSED(
      counter("vmoe_configurations_refused_total", "records"),
      "Refused configuration records; the configuration before stays in force."),
  MODEL(
      info("vmoe_model_info", "model", "weights"),
      "A served model: one, or with models.ladder each of those beside each other. weights: their"
          + " hash."),
  MODEL_IMAGES(
      counter("vmoe_model_images_total", "images", "model"),
      "Predictions emitted, by the model that made them. A model that is no longer served is"
          + " removed."),
  DEVICE(
      info("vmoe_device_info", "device", "asked", "runtime", "runs"),
      "Device that the model runs on. asked: device in the settings. runtime: ONNX Runtime's"
          + " version and execution provider. runs: batches that run at once × threads of each."),
  STREAMS_STATE(
      gauge("vmoe_streams_state", "", "state"),
      "1 for the current state of Kafka Streams, 0 for the others."),
  THREAD_FAILURES(
      counter("vmoe_stream_thread_failures_total", "failures"),
      "Failed stream threads. Each is replaced, until too many fail in a row."),
  OBSERVER_FAILURES(
      counter("vmoe_observer_failures_total", "failures"),
      "Failures of observers: metrics, spans, the live page. Images are still answered; the log has"
          + " the first failure."),
  SPANS_EXPORTED(
      counter("vmoe_spans_exported_total", "spans"),
      "Spans that the collector accepted; 0 while tracing is off."),
  SPANS_DROPPED(
      counter("vmoe_spans_dropped_total", "spans", "cause"),
      "Lost spans. cause: queue, they came faster than they could be sent; export, the collector"
          + " could not be reached or refused them.");

  /** A type of metric, in Prometheus' terms. */
  public enum Type {
    /** Only grows. */
    COUNTER("counter"),
    /** Goes up and down. */
    GAUGE("gauge"),
    /** Counts observations in buckets. */
    HISTOGRAM("histogram"),
    /** Always 1: its labels are the information. */
    INFO("info");

    private final String label;

    Type(String label) {
      this.label = label;
    }

    /** Returns its name in the documentation. */
    public String label() {
      return label;
    }
  }

  /** Upper bounds of histogram buckets. */
  private static final class Buckets {
    static final double[] LATENCY = {
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60
    };
    static final double[] DECODE = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1
    };
    static final double[] IMAGES = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096};
    static final double[] ERROR = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2};
  }

  /** Everything about a metric but its meaning. */
  @SuppressWarnings("ArrayRecordComponent")
  private record MetricSeries(
      String id, Type type, String unit, double[] buckets, List<String> labels) {}

  private final MetricSeries series;
  private final String description;

  Metric(MetricSeries series, String description) {
    this.series = series;
    this.description = description;
  }

  private static MetricSeries counter(String id, String unit, String... labels) {
    return new MetricSeries(id, Type.COUNTER, unit, new double[0], List.of(labels));
  }

  private static MetricSeries gauge(String id, String unit, String... labels) {
    return new MetricSeries(id, Type.GAUGE, unit, new double[0], List.of(labels));
  }

  private static MetricSeries histogram(String id, String unit, double[] buckets) {
    return new MetricSeries(id, Type.HISTOGRAM, unit, buckets, List.of());
  }

  private static MetricSeries info(String id, String... labels) {
    return new MetricSeries(id, Type.INFO, "", new double[0], List.of(labels));
  }

  /** Returns the scraped name. */
  public String id() {
    return series.id();
  }

  /** Returns the type. */
  public Type type() {
    return series.type();
  }

  /** Returns the unit; empty if there is none. */
  public String unit() {
    return series.unit();
  }

  /** Returns the meaning. */
  public String description() {
    return description;
  }

  /** Returns the names of its labels. */
  public List<String> labels() {
    return series.labels();
  }

  /** Returns the upper bounds of a histogram's buckets, ascending; empty for other types. */
  public double[] buckets() {
    return series.buckets().clone();
  }
}
