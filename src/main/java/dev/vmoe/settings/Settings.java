package dev.vmoe.settings;

import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.moe.Routing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.ValidString;

/** The settings of one instance, typed and validated; see {@code src/docs/settings.md}. */
public final class Settings extends AbstractConfig {

  public static final String APPLICATION_ID = "application.id";
  public static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
  public static final String REGISTRY_URL = "schema.registry.url";
  public static final String REGISTRY_RETRY_MS = "schema.registry.retry.ms";
  public static final String TOPIC_PREFIX = "topic.prefix";
  public static final String MODEL = "model";
  public static final String DEVICE = "device";
  public static final String INFERENCE_THREADS = "inference.threads";
  public static final String DECODE_THREADS = "decode.threads";
  public static final String BATCH_MAX_IMAGES = "batch.max.images";
  public static final String BATCH_MAX_BYTES = "batch.max.bytes";
  public static final String BATCH_LINGER_MS = "batch.linger.ms";
  public static final String IN_FLIGHT_IMAGES = "in.flight.images";
  public static final String IN_FLIGHT_WAIT_MS = "in.flight.wait.ms";
  public static final String CAPACITY_RATIO = "capacity.ratio";
  public static final String EXPERTS_PER_TOKEN = "experts.per.token";
  public static final String ROUTING = "routing";
  public static final String IMAGE_MAX_BYTES = "image.max.bytes";
  public static final String IMAGE_MAX_PIXELS = "image.max.pixels";

  /** Settings with these prefixes go to Kafka's clients and the registry's, prefix removed. */
  public static final String STREAMS_PREFIX = "streams.";

  public static final String CONSUMER_PREFIX = "consumer.";
  public static final String PRODUCER_PREFIX = "producer.";
  public static final String ADMIN_PREFIX = "admin.";
  public static final String REGISTRY_PREFIX = "registry.";

  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /** The definition that parsing, validation and the documentation come from. */
  public static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(
              APPLICATION_ID,
              Type.STRING,
              "vmoe-streams",
              new ConfigDef.NonEmptyString(),
              Importance.HIGH,
              "Name of the consumer group; instances with the same name share the partitions.")
          .define(
              BOOTSTRAP_SERVERS,
              Type.STRING,
              "localhost:9092",
              new ConfigDef.NonEmptyString(),
              Importance.HIGH,
              "Kafka brokers as host:port, separated by commas.")
          .define(
              REGISTRY_URL,
              Type.STRING,
              "http://localhost:8081",
              new ConfigDef.NonEmptyString(),
              Importance.HIGH,
              "Base address of a schema registry with Confluent's REST interface.")
          .define(
              REGISTRY_RETRY_MS,
              Type.LONG,
              30_000L,
              Range.atLeast(0),
              Importance.LOW,
              "How long a registry that cannot be reached is tried again before the stream thread"
                  + " gives up, in milliseconds. Nothing is lost: the images are read again.")
          .define(
              TOPIC_PREFIX,
              Type.STRING,
              "vmoe.",
              Importance.MEDIUM,
              "Put in front of every topic name: images, predictions, expert-utilization,"
                  + " images.dlq.")
          .define(
              MODEL,
              Type.STRING,
              ConfigDef.NO_DEFAULT_VALUE,
              new ConfigDef.NonEmptyString(),
              Importance.HIGH,
              "Path of the model's ONNX file, as `vmoe model import` writes it.")
          .define(
              DEVICE,
              Type.STRING,
              "auto",
              new ConfigDef.NonEmptyString(),
              Importance.HIGH,
              "Where the model runs: auto, cpu, or cuda:N. auto takes the first GPU if there is one"
                  + " and says what it took; cuda without a GPU refuses to start.")
          .define(
              INFERENCE_THREADS,
              Type.INT,
              CORES,
              Range.atLeast(1),
              Importance.MEDIUM,
              "Threads of the model on the CPU. Default: the number of cores.")
          .define(
              DECODE_THREADS,
              Type.INT,
              Math.max(1, CORES / 2),
              Range.atLeast(1),
              Importance.MEDIUM,
              "Threads that decode images. Default: half the number of cores.")
          .define(
              BATCH_MAX_IMAGES,
              Type.INT,
              32,
              Range.between(1, 4096),
              Importance.HIGH,
              "Most images of a micro-batch.")
          .define(
              BATCH_MAX_BYTES,
              Type.LONG,
              64L * 1024 * 1024,
              Range.atLeast(1),
              Importance.LOW,
              "Most encoded bytes of a micro-batch.")
          .define(
              BATCH_LINGER_MS,
              Type.LONG,
              20L,
              Range.between(0, 60_000),
              Importance.HIGH,
              "Longest wait of the oldest image of a micro-batch for others to join, in"
                  + " milliseconds.")
          .define(
              IN_FLIGHT_IMAGES,
              Type.INT,
              0,
              Range.atLeast(0),
              Importance.LOW,
              "Images of one partition that may be in the instance before reading waits; 0 means"
                  + " four times batch.max.images.")
          .define(
              IN_FLIGHT_WAIT_MS,
              Type.LONG,
              2_000L,
              Range.between(0, 5_000),
              Importance.LOW,
              "Longest total wait for room between two commits, in milliseconds. Keep it well below"
                  + " the transaction timeout (10 s).")
          .define(
              CAPACITY_RATIO,
              Type.DOUBLE,
              1.05,
              Importance.HIGH,
              "Requested capacity ratio: slots of all experts over token choices. Above 0; at E/K"
                  + " nothing is dropped.")
          .define(
              EXPERTS_PER_TOKEN,
              Type.INT,
              0,
              Range.atLeast(0),
              Importance.HIGH,
              "Experts each token is sent to (K); 0 means as many as in the model's training.")
          .define(
              ROUTING,
              Type.STRING,
              "bpr",
              ValidString.in("bpr", "vanilla"),
              Importance.MEDIUM,
              "Who claims slots first: bpr, the most important tokens of the batch; vanilla, the"
                  + " first ones.")
          .define(
              IMAGE_MAX_BYTES,
              Type.INT,
              32 * 1024 * 1024,
              Range.atLeast(1),
              Importance.LOW,
              "Larger encoded images go to the dead-letter topic.")
          .define(
              IMAGE_MAX_PIXELS,
              Type.LONG,
              64_000_000L,
              Range.atLeast(1),
              Importance.LOW,
              "Images with more pixels (height times width, read from the header before anything"
                  + " is allocated) go to the dead-letter topic.");

  /**
   * Parses and validates.
   *
   * @throws org.apache.kafka.common.config.ConfigException if a value is missing or wrong
   */
  public Settings(Map<String, ?> properties) {
    super(DEFINITION, properties, false);
    if (!(getDouble(CAPACITY_RATIO) > 0)) {
      throw new org.apache.kafka.common.config.ConfigException(
          CAPACITY_RATIO, getDouble(CAPACITY_RATIO), "must be above 0");
    }
  }

  /** Returns the model's path. */
  public Path model() {
    return Path.of(getString(MODEL));
  }

  /** Returns a topic's full name. */
  public String topic(String name) {
    return getString(TOPIC_PREFIX) + name;
  }

  /** Returns how long an unreachable registry is tried again. */
  public Duration registryRetry() {
    return Duration.ofMillis(getLong(REGISTRY_RETRY_MS));
  }

  /** Returns how long the oldest image of a batch waits for others. */
  public Duration linger() {
    return Duration.ofMillis(getLong(BATCH_LINGER_MS));
  }

  /** Returns the bound on one partition's images in flight. */
  public int inFlightImages() {
    int images = getInt(IN_FLIGHT_IMAGES);
    return images > 0 ? images : 4 * getInt(BATCH_MAX_IMAGES);
  }

  /** Returns the longest total wait for room between two commits. */
  public Duration inFlightWait() {
    return Duration.ofMillis(getLong(IN_FLIGHT_WAIT_MS));
  }

  /** Returns K where it is set; empty where the model's own applies. */
  public Optional<Integer> expertsPerToken() {
    int k = getInt(EXPERTS_PER_TOKEN);
    return k == 0 ? Optional.empty() : Optional.of(k);
  }

  /** Returns the fixed operating point for a model trained with this K. */
  public OperatingPoint operatingPoint(int trainedExpertsPerToken) {
    return new OperatingPoint(
        getDouble(CAPACITY_RATIO), expertsPerToken().orElse(Math.max(1, trainedExpertsPerToken)));
  }

  /** Returns the order in which choices claim slots. */
  public Routing routing() {
    return Routing.ofLabel(getString(ROUTING));
  }

  /** Returns the settings with this prefix, prefix removed. */
  public Map<String, Object> withPrefix(String prefix) {
    return new HashMap<>(originalsWithPrefix(prefix));
  }
}
