package dev.vmoe.settings;

import dev.vmoe.moe.Routing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.apache.kafka.common.config.ConfigException;

/** The settings of one instance, typed and validated; see {@code src/docs/settings.md}. */
public final class Settings extends AbstractConfig {

  public static final String APPLICATION_ID = "application.id";
  public static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
  public static final String REGISTRY_URL = "schema.registry.url";
  public static final String REGISTRY_RETRY_MS = "schema.registry.retry.ms";
  public static final String TOPIC_PREFIX = "topic.prefix";
  public static final String MODEL = "model";
  public static final String MODELS_DIR = "models.dir";
  public static final String DEVICE = "device";
  public static final String INFERENCE_THREADS = "inference.threads";
  public static final String DECODE_THREADS = "decode.threads";
  public static final String BATCH_MAX_IMAGES = "batch.max.images";
  public static final String BATCH_MAX_BYTES = "batch.max.bytes";
  public static final String BATCH_LINGER_MS = "batch.linger.ms";
  public static final String IN_FLIGHT_IMAGES = "in.flight.images";
  public static final String IN_FLIGHT_MAX_BYTES = "in.flight.max.bytes";
  public static final String IN_FLIGHT_WAIT_MS = "in.flight.wait.ms";
  public static final String CAPACITY_RATIO = "capacity.ratio";
  public static final String EXPERTS_PER_TOKEN = "experts.per.token";
  public static final String ROUTING = "routing";
  public static final String CAPACITY_MODE = "capacity.mode";
  public static final String TARGET_LATENCY_MS = "target.latency.ms";
  public static final String CAPACITY_RATIO_MIN = "capacity.ratio.min";
  public static final String CAPACITY_RATIO_MAX = "capacity.ratio.max";
  public static final String EXPERTS_PER_TOKEN_MIN = "experts.per.token.min";
  public static final String EXPERTS_PER_TOKEN_MAX = "experts.per.token.max";
  public static final String COST_SURVEY_MS = "cost.survey.ms";
  public static final String LAG_INTERVAL_MS = "lag.interval.ms";
  public static final String IMAGE_MAX_BYTES = "image.max.bytes";
  public static final String IMAGE_MAX_PIXELS = "image.max.pixels";
  public static final String ROUTING_PROFILE_INTERVAL_MS = "routing.profile.interval.ms";
  public static final String CONSOLE_HOST = "console.host";
  public static final String CONSOLE_PORT = "console.port";
  public static final String CONSOLE_PAGE = "console.page";
  public static final String CONSOLE_NAMES = "console.names";
  public static final String CONSOLE_CONFIG_WRITE = "console.config.write";
  public static final String TRACING_OTLP_ENDPOINT = "tracing.otlp.endpoint";
  public static final String TRACING_SAMPLE_RATIO = "tracing.sample.ratio";

  /** Settings with these prefixes go to Kafka's clients and the registry's, prefix removed. */
  public static final String STREAMS_PREFIX = "streams.";

  /** Kafka Streams' own setting of how often an instance commits, below {@link #STREAMS_PREFIX}. */
  private static final String COMMIT_INTERVAL_MS = "commit.interval.ms";

  /** How often an instance commits where the settings do not say. */
  public static final Duration DEFAULT_COMMIT_INTERVAL = Duration.ofMillis(100);

  public static final String CONSUMER_PREFIX = "consumer.";
  public static final String PRODUCER_PREFIX = "producer.";
  public static final String ADMIN_PREFIX = "admin.";
  public static final String REGISTRY_PREFIX = "registry.";

  /** Environment variables with this prefix are settings. */
  public static final String ENVIRONMENT_PREFIX = "VMOE_";

  /** The definition that parsing, validation and the documentation come from. */
  public static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(
              APPLICATION_ID,
              Type.STRING,
              "vmoe-streams",
              ValueCheck.matching("[a-zA-Z0-9._-]+", "letters, digits, '.', '_' and '-'"),
              Importance.HIGH,
              "Name of the consumer group; instances with the same name share the partitions.")
          .define(
              BOOTSTRAP_SERVERS,
              Type.STRING,
              "localhost:9092",
              ValueCheck.matching(
                  "[^\\s,]+:\\d{1,5}(\\s*,\\s*[^\\s,]+:\\d{1,5})*", "host:port,host:port"),
              Importance.HIGH,
              "Kafka brokers as host:port, separated by commas.")
          .define(
              REGISTRY_URL,
              Type.STRING,
              "http://localhost:8081",
              ValueCheck.matching("(https?|mock)://\\S+", "an address with http:// or https://"),
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
              ValueCheck.matching(
                  "[a-zA-Z0-9._-]{0,200}", "letters, digits, '.', '_' and '-', or empty"),
              Importance.MEDIUM,
              "Put in front of every topic name of `topology/topics.yaml`.")
          .define(
              DECODE_THREADS,
              Type.INT,
              0,
              Range.atLeast(0),
              Importance.MEDIUM,
              "Threads that decode images; 0 means the number of cores where the model takes them all"
                  + " while it runs (images are then decoded between two runs), else half of it.")
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
              IN_FLIGHT_MAX_BYTES,
              Type.LONG,
              0L,
              Range.atLeast(0),
              Importance.LOW,
              "Bytes of records that may be in the instance before reading waits, over all"
                  + " partitions; 0 means a quarter of the heap.")
          .define(
              IN_FLIGHT_WAIT_MS,
              Type.LONG,
              2_000L,
              Range.between(100, 5_000),
              Importance.LOW,
              "Longest total wait for room between two commits, in milliseconds. Keep it well below"
                  + " the transaction timeout (10 s). At twice a limit reading waits longer.")
          .define(
              CAPACITY_RATIO,
              Type.DOUBLE,
              1.05,
              ValueCheck.aboveZero(),
              Importance.HIGH,
              "Requested capacity ratio: slots of all experts over token choices. At E/K nothing is"
                  + " dropped.")
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
              16 * 1024 * 1024,
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
                  + " is allocated) go to the dead-letter topic.")
          .define(
              ROUTING_PROFILE_INTERVAL_MS,
              Type.LONG,
              5_000L,
              Range.between(0, 300_000),
              Importance.LOW,
              "How often the routing profile (what the experts have done for each class) is brought up"
                  + " to date, in milliseconds; 0 means that this instance does not keep it.");

  static {
    ModelDefinitions.addTo(DEFINITION);
    ConsoleDefinitions.addTo(DEFINITION);
    SecurityDefinitions.addTo(DEFINITION);
    CapacityDefinitions.addTo(DEFINITION);
    TracingDefinitions.addTo(DEFINITION);
    OperationDefinitions.addTo(DEFINITION);
  }

  /**
   * Parses and validates.
   *
   * @throws ConfigException if values are wrong, unknown or contradict each other; its message
   *     names all of them
   */
  public Settings(Map<String, ?> properties) {
    super(DEFINITION, checked(properties), false);
    try {
      LiveSettings.of(this);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage());
    }
  }

  private static Map<String, String> checked(Map<String, ?> properties) {
    Map<String, String> texts = new HashMap<>();
    properties.forEach((key, value) -> texts.put(key, String.valueOf(value)));
    List<Problem> problems = Problem.in(texts);
    if (!problems.isEmpty()) {
      throw new ConfigException(
          problems.stream()
              .map(problem -> problem.key() + ": " + problem.message())
              .collect(Collectors.joining("; ")));
    }
    return texts;
  }

  /**
   * Returns the model's name or path.
   *
   * @throws ConfigException if it is not set
   */
  public String model() {
    String model = getString(MODEL);
    if (model == null) {
      throw new ConfigException(
          "model is not set: give the name of a model, see vmoe model list, or the path of an ONNX"
              + " file, as vmoe model import writes it");
    }
    return model;
  }

  /** Returns the folder of models, if it is set. */
  public Optional<Path> modelsDir() {
    return Optional.ofNullable(getString(MODELS_DIR)).map(Path::of);
  }

  /** Returns the model's threads on the CPU. */
  public int inferenceThreads() {
    int threads = getInt(INFERENCE_THREADS);
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  /**
   * Returns the threads that decode images.
   *
   * @param inTurn whether images are decoded between the runs of the model, not beside them
   */
  public int decodeThreads(boolean inTurn) {
    int threads = getInt(DECODE_THREADS);
    int cores = Runtime.getRuntime().availableProcessors();
    return threads > 0 ? threads : inTurn ? cores : Math.max(1, cores / 2);
  }

  /** Returns a topic's full name. */
  public String topic(String name) {
    return getString(TOPIC_PREFIX) + name;
  }

  /** Returns how long an unreachable registry is tried again. */
  public Duration registryRetry() {
    return Duration.ofMillis(getLong(REGISTRY_RETRY_MS));
  }

  /** Returns the bound on one partition's images in flight while batches have at most so many. */
  public int inFlightImages(int maxBatchImages) {
    int images = getInt(IN_FLIGHT_IMAGES);
    return images > 0 ? images : 4 * maxBatchImages;
  }

  /** Returns what the survey of cost may take. */
  public Duration costSurvey() {
    return Duration.ofMillis(getLong(COST_SURVEY_MS));
  }

  /** Returns how often the backlog is looked up. */
  public Duration lagInterval() {
    return Duration.ofMillis(getLong(LAG_INTERVAL_MS));
  }

  /** Returns how often the routing profile is brought up to date; zero for not at all. */
  public Duration routingProfileInterval() {
    return Duration.ofMillis(getLong(ROUTING_PROFILE_INTERVAL_MS));
  }

  /** Returns the bound on the bytes of all partitions' records in flight. */
  public long inFlightMaxBytes() {
    long bytes = getLong(IN_FLIGHT_MAX_BYTES);
    return bytes > 0 ? bytes : Runtime.getRuntime().maxMemory() / 4;
  }

  /** Returns the longest total wait for room between two commits. */
  public Duration inFlightWait() {
    return Duration.ofMillis(getLong(IN_FLIGHT_WAIT_MS));
  }

  /** Returns the order in which choices claim slots. */
  public Routing routing() {
    return Routing.ofLabel(getString(ROUTING));
  }

  /** Returns how often an instance commits, and so how long an answer may wait to be seen. */
  public Duration commitInterval() {
    Object users = withPrefix(STREAMS_PREFIX).get(COMMIT_INTERVAL_MS);
    return users == null
        ? DEFAULT_COMMIT_INTERVAL
        : Duration.ofMillis(Long.parseLong(users.toString()));
  }

  /** Returns the settings with this prefix, prefix removed. */
  public Map<String, Object> withPrefix(String prefix) {
    return new HashMap<>(originalsWithPrefix(prefix));
  }

  /** Returns the properties of a consumer of one's own; always read_committed. */
  public Map<String, Object> consumerProperties() {
    Map<String, Object> properties =
        clientProperties(ConsumerConfig.configNames(), CONSUMER_PREFIX);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    return properties;
  }

  /** Returns the properties of a producer of one's own; always idempotent, acknowledged by all. */
  public Map<String, Object> producerProperties() {
    Map<String, Object> properties =
        clientProperties(ProducerConfig.configNames(), PRODUCER_PREFIX);
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    return properties;
  }

  /** Returns the properties of an admin client of one's own. */
  public Map<String, Object> adminProperties() {
    return clientProperties(AdminClientConfig.configNames(), ADMIN_PREFIX);
  }

  /** Returns the registry client's properties, its address not among them. */
  public Map<String, Object> registryProperties() {
    return withPrefix(REGISTRY_PREFIX);
  }

  /** As in Kafka Streams, what is set for all clients (security, mostly) counts for each. */
  private Map<String, Object> clientProperties(Set<String> known, String prefix) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(BOOTSTRAP_SERVERS, getString(BOOTSTRAP_SERVERS));
    originalsWithPrefix(STREAMS_PREFIX)
        .forEach(
            (key, value) -> {
              if (known.contains(key)) {
                properties.put(key, value);
              }
            });
    properties.putAll(originalsWithPrefix(prefix));
    return properties;
  }

  /** Returns every setting in force by key, fit for a log: secrets are masked. */
  public SortedMap<String, String> printable() {
    SortedMap<String, String> printable = new TreeMap<>();
    values().forEach((key, value) -> printable.put(key, String.valueOf(value)));
    originals().forEach((key, value) -> printable.put(key, String.valueOf(value)));
    printable.replaceAll(Secrets::printable);
    return printable;
  }
}
