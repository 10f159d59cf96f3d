package dev.vmoe.streams.tracing;

import io.opentelemetry.api.common.AttributeKey;

/**
 * Attributes of spans: named by OpenTelemetry's semantic conventions for messaging where they have
 * a name, with the prefix {@code vmoe.} otherwise.
 */
public final class SpanAttributes {

  public static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
  public static final AttributeKey<String> OPERATION_NAME =
      AttributeKey.stringKey("messaging.operation.name");
  public static final AttributeKey<String> OPERATION_TYPE =
      AttributeKey.stringKey("messaging.operation.type");
  public static final AttributeKey<String> DESTINATION =
      AttributeKey.stringKey("messaging.destination.name");
  public static final AttributeKey<String> PARTITION =
      AttributeKey.stringKey("messaging.destination.partition.id");
  public static final AttributeKey<Long> OFFSET = AttributeKey.longKey("messaging.kafka.offset");
  public static final AttributeKey<String> CONSUMER_GROUP =
      AttributeKey.stringKey("messaging.consumer.group.name");
  public static final AttributeKey<Long> MESSAGES =
      AttributeKey.longKey("messaging.batch.message_count");
  public static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");

  /** Id of the micro-batch, as in the events. */
  public static final AttributeKey<String> BATCH_ID = AttributeKey.stringKey("vmoe.batch.id");

  /** Why the micro-batch was closed. */
  public static final AttributeKey<String> FLUSH_REASON =
      AttributeKey.stringKey("vmoe.batch.flush_reason");

  /** The model's name. */
  public static final AttributeKey<String> MODEL = AttributeKey.stringKey("vmoe.model");

  /** Capacity ratio of the operating point. */
  public static final AttributeKey<Double> REQUESTED_RATIO =
      AttributeKey.doubleKey("vmoe.capacity_ratio.requested");

  /** Capacity ratio in effect, since slots are whole. */
  public static final AttributeKey<Double> EFFECTIVE_RATIO =
      AttributeKey.doubleKey("vmoe.capacity_ratio.effective");

  /** K of the operating point. */
  public static final AttributeKey<Long> EXPERTS_PER_TOKEN =
      AttributeKey.longKey("vmoe.experts_per_token");

  /** Order in which choices claimed slots: bpr or vanilla. */
  public static final AttributeKey<String> ROUTING = AttributeKey.stringKey("vmoe.routing");

  /** Why the controller chose the operating point. */
  public static final AttributeKey<String> DECISION = AttributeKey.stringKey("vmoe.decision");

  /** The best class. */
  public static final AttributeKey<String> CLASS = AttributeKey.stringKey("vmoe.class");

  /** Its score. */
  public static final AttributeKey<Double> SCORE = AttributeKey.doubleKey("vmoe.score");

  /** Share of the image's token choices that found a slot. */
  public static final AttributeKey<Double> PROCESSED_SHARE =
      AttributeKey.doubleKey("vmoe.processed_share");

  private SpanAttributes() {}
}
