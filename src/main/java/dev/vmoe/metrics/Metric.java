package dev.vmoe.metrics;

import java.util.List;

/**
 * Every metric of the pipeline; {@code src/docs/metrics.md} is printed from here.
 *
 * <p>Names follow Prometheus: one prefix, base units, {@code _total} for counters. Every label has
 * a bounded set of values: settings and the model limit it.
 */
public enum Metric {
  IMAGES_READ(
      "vmoe_images_read_total",
      Type.COUNTER,
      "images",
      "Records taken from the images topic, whatever their content. A record that is read again"
          + " after a crash or a rebalance counts again."),
  IMAGES_ANSWERED("vmoe_images_answered_total", Type.COUNTER, "images", "Predictions emitted."),
  IMAGES_DEAD_LETTERED(
      "vmoe_images_dead_lettered_total",
      Type.COUNTER,
      "images",
      "Dead letters emitted. cause: avro, the value is no Avro record; schema, its schema is unknown"
          + " or cannot be read as an image request; refused, the value is missing or a field is too"
          + " large or out of range; image, the image could not be decoded.",
      "cause"),
  IMAGES_LATE(
      "vmoe_images_late_total",
      Type.COUNTER,
      "images",
      "Predictions emitted later than the target latency. Time counts from the record's timestamp"
          + " or from when the instance first saw the record in its partition, whichever is later: a"
          + " replay of old records is not late because of their age."),
  IMAGES_IN_FLIGHT(
      "vmoe_images_in_flight",
      Type.GAUGE,
      "images",
      "Images read and not yet answered, of all partitions of the instance."),
  IN_FLIGHT_BYTES(
      "vmoe_in_flight_bytes",
      Type.GAUGE,
      "bytes",
      "Bytes of the records in flight; reading pauses at in.flight.max.bytes."),
  IMAGE_QUEUE(
      "vmoe_image_queue_seconds",
      Buckets.LATENCY,
      "seconds",
      "Time from reading an image to the start of its run: linger, decoding, and earlier runs."),
  IMAGE_DECODE(
      "vmoe_image_decode_seconds",
      Buckets.DECODE,
      "seconds",
      "Time to decode and resize one image."),
  IMAGE_LATENCY(
      "vmoe_image_latency_seconds",
      Buckets.LATENCY,
      "seconds",
      "Time from an image record's timestamp to the emission of its answer. A replay of old"
          + " records shows their age."),

  BATCHES(
      "vmoe_batches_total",
      Type.COUNTER,
      "batches",
      "Finished micro-batches, including those without a decodable image. reason: why they were"
          + " closed, as in the predictions.",
      "reason"),
  BATCH_LINGER(
      "vmoe_batch_linger_seconds",
      Buckets.LATENCY,
      "seconds",
      "Time that the oldest image of each micro-batch waited until the batch was closed."),
  BATCH_SIZE("vmoe_batch_images", Buckets.IMAGES, "images", "Images of each run of the model."),
  BATCH_INFERENCE(
      "vmoe_batch_inference_seconds",
      Buckets.LATENCY,
      "seconds",
      "Time of the model's run on one micro-batch."),
  BATCH_PROCESSED(
      "vmoe_batch_processed_ratio",
      Type.GAUGE,
      "ratio",
      "Share of the last micro-batch's token choices that found a slot; 1 for a dense model."),

  EXPERT_ASSIGNED(
      "vmoe_expert_choices_assigned_total",
      Type.COUNTER,
      "choices",
      "Choices of this expert by the tokens of answered images, before capacity. layer: encoder"
          + " block from 0, as in the utilization events.",
      "layer",
      "expert"),
  EXPERT_DISPATCHED(
      "vmoe_expert_choices_dispatched_total",
      Type.COUNTER,
      "choices",
      "Choices of this expert that found a slot; the others were dropped.",
      "layer",
      "expert"),
  EXPERT_IMPORTANCE(
      "vmoe_expert_importance_total",
      Type.COUNTER,
      "gates",
      "Gates of this expert, summed over all tokens of answered images, before the top-K choice.",
      "layer",
      "expert"),
  EXPERT_SLOTS(
      "vmoe_expert_slots_total",
      Type.COUNTER,
      "slots",
      "Slots that each expert had for answered images. Dispatched / slots is utilization."),
  TOKENS_DROPPED(
      "vmoe_tokens_dropped_entirely_total",
      Type.COUNTER,
      "tokens",
      "Tokens that got no expert in a layer: all their choices were dropped.",
      "layer"),

  CAPACITY_REQUESTED(
      "vmoe_capacity_requested_ratio",
      Type.GAUGE,
      "ratio",
      "Capacity ratio requested for the last micro-batch."),
  CAPACITY_EFFECTIVE(
      "vmoe_capacity_effective_ratio",
      Type.GAUGE,
      "ratio",
      "Capacity ratio of the last micro-batch in effect, since slots are whole."),
  EXPERTS_PER_TOKEN("vmoe_experts_per_token", Type.GAUGE, "experts", "K of the last micro-batch."),
  DECISIONS(
      "vmoe_decisions_total",
      Type.COUNTER,
      "decisions",
      "Decisions on an operating point, one before each run. reason: the controller's; \"other\""
          + " after the first 16 reasons.",
      "reason"),
  POINT_CHANGES(
      "vmoe_operating_point_changes_total",
      Type.COUNTER,
      "changes",
      "Micro-batches that ran at another operating point than the one before. reason: the"
          + " controller's; \"other\" after the first 16 reasons.",
      "reason"),
  DELAY_PREDICTED(
      "vmoe_delay_predicted_seconds",
      Type.GAUGE,
      "seconds",
      "Predicted time to clear the queue, from the last decision on."),
  DELAY_ACTUAL(
      "vmoe_delay_actual_seconds",
      Type.GAUGE,
      "seconds",
      "Actual time until the image was answered that such a prediction was made for."),
  LATENCY_TARGET(
      "vmoe_latency_target_seconds",
      Type.GAUGE,
      "seconds",
      "Target latency of the configuration in force."),
  COST_ERROR(
      "vmoe_cost_error_ratio",
      Buckets.ERROR,
      "ratio",
      "Difference between a run's predicted and measured time, relative to the measured time."),

  BACKLOG(
      "vmoe_backlog_images",
      Type.GAUGE,
      "images",
      "Images sent and not yet answered in the instance's partitions, at the last reading."),
  BACKLOG_AGE(
      "vmoe_backlog_age_seconds",
      Type.GAUGE,
      "seconds",
      "Time that the oldest unanswered image has waited, at the last reading. It counts from when"
          + " the instance saw the image in its partition, not from the record's timestamp. For older"
          + " images it counts from when the instance took the partition over."),
  ARRIVALS(
      "vmoe_arrivals_per_second",
      Type.GAUGE,
      "images/second",
      "Images a second that arrive in the instance's partitions, at the last reading."),
  LOAD_AGE(
      "vmoe_load_age_seconds",
      Type.GAUGE,
      "seconds",
      "Time since the last reading of backlog and arrivals, or since the start; grows while the"
          + " brokers do not answer."),
  ATTAINABLE(
      "vmoe_attainable_images_per_second",
      Type.GAUGE,
      "images/second",
      "Images a second that the instance can answer. point: best, at the operating point of"
          + " highest quality; fastest, at the cheapest one.",
      "point"),
  OFFERED_LOAD(
      "vmoe_offered_load_ratio",
      Type.GAUGE,
      "ratio",
      "Arrivals / attainable images a second. Above 1 at the best point, quality is reduced; above 1"
          + " at the fastest, the backlog grows even at minimum quality: scale out. A low capacity in"
          + " force hides neither.",
      "point"),

  CONFIGURATION_VERSION(
      "vmoe_configuration_version",
      Type.GAUGE,
      "offset",
      "Version of the configuration in force: the offset of its record; -1 for the settings file."),
  CONFIGURATIONS_REFUSED(
      "vmoe_configurations_refused_total",
      Type.COUNTER,
      "records",
      "Refused configuration records; the configuration before stays in force."),

  MODEL(
      "vmoe_model_info",
      Type.INFO,
      "",
      "The served model. weights: their hash.",
      "model",
      "weights"),
  DEVICE(
      "vmoe_device_info",
      Type.INFO,
      "",
      "Device that the model runs on. asked: device in the settings. runtime: ONNX Runtime's"
          + " version and execution provider.",
      "device",
      "asked",
      "runtime"),
  STREAMS_STATE(
      "vmoe_streams_state",
      Type.GAUGE,
      "",
      "1 for the current state of Kafka Streams, 0 for the others.",
      "state"),
  THREAD_FAILURES(
      "vmoe_stream_thread_failures_total",
      Type.COUNTER,
      "failures",
      "Failed stream threads. Each is replaced, until too many fail in a row."),
  PROFILE_RUNNING(
      "vmoe_routing_profile_running",
      Type.GAUGE,
      "",
      "1 while the routing profile is updated, 0 while it is not; the log says why. Absent if no"
          + " profile is kept."),
  OBSERVER_FAILURES(
      "vmoe_observer_failures_total",
      Type.COUNTER,
      "failures",
      "Failures of observers: metrics, spans, the live page. Images are still answered; the log has"
          + " the first failure."),

  SPANS_EXPORTED(
      "vmoe_spans_exported_total",
      Type.COUNTER,
      "spans",
      "Spans that the collector accepted; 0 while tracing is off."),
  SPANS_DROPPED(
      "vmoe_spans_dropped_total",
      Type.COUNTER,
      "spans",
      "Lost spans. cause: queue, they came faster than they could be sent; export, the collector"
          + " could not be reached or refused them.",
      "cause");

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

  private final String id;
  private final Type type;
  private final String unit;
  private final String description;
  private final List<String> labels;
  private final double[] buckets;

  Metric(String id, Type type, String unit, String description, String... labels) {
    this(id, type, unit, new double[0], description, labels);
  }

  Metric(String id, double[] buckets, String unit, String description) {
    this(id, Type.HISTOGRAM, unit, buckets, description);
  }

  Metric(
      String id, Type type, String unit, double[] buckets, String description, String... labels) {
    this.id = id;
    this.type = type;
    this.unit = unit;
    this.buckets = buckets;
    this.description = description;
    this.labels = List.of(labels);
  }

  /** Returns the scraped name. */
  public String id() {
    return id;
  }

  /** Returns the type. */
  public Type type() {
    return type;
  }

  /** Returns the unit; empty if there is none. */
  public String unit() {
    return unit;
  }

  /** Returns the meaning. */
  public String description() {
    return description;
  }

  /** Returns the names of its labels. */
  public List<String> labels() {
    return labels;
  }

  /** Returns the upper bounds of a histogram's buckets, ascending; empty for other types. */
  public double[] buckets() {
    return buckets.clone();
  }
}
