package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.NonEmptyString;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.jspecify.annotations.Nullable;

/**
 * The twelve settings that a person tunes, each with its name, default, check and meaning. {@link
 * AdvancedSettings} has the others.
 */
abstract class EssentialSettings extends AbstractConfig {

  static final ConfigDef ALL = new ConfigDef();

  public static final String BOOTSTRAP_SERVERS =
      essential(
              "bootstrap.servers",
              STRING,
              "localhost:9092",
              ValueCheck.matching(
                  "[^\\s,]+:\\d{1,5}(\\s*,\\s*[^\\s,]+:\\d{1,5})*", "host:port,host:port"))
          .means("Kafka brokers as host:port, separated by commas.");

  public static final String REGISTRY_URL =
      essential(
              "schema.registry.url",
              STRING,
              "http://localhost:8081",
              ValueCheck.matching("(https?|mock)://\\S+", "an address with http:// or https://"))
          .means("Base address of a schema registry with Confluent's REST interface.");

  public static final String APPLICATION_ID =
      essential(
              "application.id",
              STRING,
              "vmoe-streams",
              ValueCheck.matching("[a-zA-Z0-9._-]+", "letters, digits, '.', '_' and '-'"))
          .means("Name of the consumer group; instances with the same name share the partitions.");

  public static final String TOPIC_PREFIX =
      essential(
              "topic.prefix",
              STRING,
              "vmoe.",
              ValueCheck.matching(
                  "[a-zA-Z0-9._-]{0,200}", "letters, digits, '.', '_' and '-', or empty"))
          .means(
              "Prefix of every topic name in `topology/topics.yaml`, where `topics.…` sets no other"
                  + " name.");

  public static final String MODEL =
      essential("model", STRING, null, new NonEmptyString())
          .means(
              "The model: the name of a folder in models.dir, or the path of an ONNX file written"
                  + " by `vmoe model import`. Needed wherever images are classified.");

  public static final String DEVICE =
      essential(
              "device",
              STRING,
              "auto",
              ValueCheck.matching("auto|cpu|cuda(:\\d+)?", "auto, cpu, cuda or cuda:N"))
          .means(
              "Where the model runs: auto, cpu, cuda or cuda:N. auto takes the first GPU, or the"
                  + " CPU if there is none, and logs which; cuda without a GPU refuses to start.");

  public static final String BATCH_MAX_IMAGES =
      essential("batch.max.images", INT, 32, Range.between(1, 4096))
          .means(
              "Maximum images of a micro-batch. Larger ones use a GPU better and improve routing.");

  public static final String BATCH_LINGER_MS =
      essential("batch.linger.ms", LONG, 20L, Range.between(0, 60_000))
          .means(
              "Maximum time that the oldest image of a micro-batch waits for others to join, in"
                  + " milliseconds.");

  public static final String CAPACITY_MODE =
      essential(
              "capacity.mode",
              STRING,
              CapacityMode.ADAPTIVE.label(),
              ValidString.in(CapacityMode.FIXED.label(), CapacityMode.ADAPTIVE.label()))
          .means(
              "Who chooses the operating point of each batch. fixed: it is always capacity.ratio"
                  + " and experts.per.token. adaptive: the longer the queue and the faster it"
                  + " grows, the less a batch computes, within the bounds (…min, …max), so that"
                  + " answers come within target.latency.ms.");

  public static final String TARGET_LATENCY_MS =
      essential("target.latency.ms", LONG, 1_000L, Range.between(1, 3_600_000))
          .means(
              "Target for the time from when an image is sent, or first seen if that is later, to"
                  + " its answer, in milliseconds. In adaptive mode, and where late images expire,"
                  + " it has to be longer than commit interval, 50 ms of transport and twice"
                  + " batch.linger.ms together.");

  public static final String CAPACITY_RATIO_MIN =
      essential("capacity.ratio.min", DOUBLE, 0.1, ValueCheck.aboveZero())
          .means("Minimum capacity ratio in adaptive mode; it limits the loss of quality.");

  public static final String LATE_POLICY =
      essential(
              "late.policy",
              STRING,
              LatePolicy.ANSWER.label(),
              ValidString.in(LatePolicy.ANSWER.label(), LatePolicy.EXPIRE.label()))
          .means(
              "What becomes of an image that can no longer be answered within target.latency.ms."
                  + " answer: it is answered late. expire: it is not computed, and becomes a dead"
                  + " letter. An image that carries a deadline expires by that, whatever is set"
                  + " here.");

  EssentialSettings(Map<String, ?> values) {
    super(ALL, values, false);
  }

  /** Takes what a setting means. */
  @FunctionalInterface
  interface Meaning {

    /** Defines the setting with this text and returns its name. */
    String means(String text);
  }

  private static Meaning essential(
      String name, Type type, @Nullable Object byDefault, Validator check) {
    return define(name, type, byDefault, check, Importance.HIGH);
  }

  /** Begins a setting. A default that is null means that there is none. */
  @SuppressWarnings("NullAway") // Kafka's interface is not annotated
  static Meaning define(
      String name,
      Type type,
      @Nullable Object byDefault,
      @Nullable Validator check,
      Importance importance) {
    return text -> {
      ALL.define(name, type, byDefault, check, importance, text);
      return name;
    };
  }
}
