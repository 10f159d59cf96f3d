package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.BOOLEAN;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import dev.vmoe.core.batch.OffHeapMemory;
import dev.vmoe.core.inference.RunLayout;
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
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigException;

/** The settings of one instance, typed and validated; see {@code src/docs/settings.md}. */
public final class Settings extends AbstractConfig {

  public static final String APPLICATION_ID = "application.id";
  public static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
  public static final String REGISTRY_URL = "schema.registry.url";
  public static final String REGISTRY_RETRY_MS = "schema.registry.retry.ms";
  public static final String REGISTRY_WAIT_MS = "schema.registry.wait.ms";
  public static final String REGISTRY_ACCEPT_EMPTY = "schema.registry.accept.empty";
  public static final String TOPIC_PREFIX = "topic.prefix";
  public static final String MODEL = "model";
  public static final String MODELS_DIR = "models.dir";
  public static final String MODELS_LADDER = "models.ladder";
  public static final String DEVICE = "device";
  public static final String INFERENCE_RUNS = "inference.runs";
  public static final String INFERENCE_THREADS = "inference.threads";
  public static final String INFERENCE_TIMEOUT_MS = "inference.timeout.ms";
  public static final String DECODE_THREADS = "decode.threads";
  public static final String DECODE_MAX_BYTES = "decode.max.bytes";
  public static final String DECODE_TIMEOUT_MS = "decode.timeout.ms";
  public static final String BATCH_MAX_IMAGES = "batch.max.images";
  public static final String BATCH_MAX_BYTES = "batch.max.bytes";
  public static final String BATCH_LINGER_MS = "batch.linger.ms";
  public static final String IN_FLIGHT_IMAGES = "in.flight.images";
  public static final String IN_FLIGHT_MAX_BYTES = "in.flight.max.bytes";
  public static final String IN_FLIGHT_WAIT_MS = "in.flight.wait.ms";
  public static final String POISON_DEATHS = "poison.deaths";
  public static final String FETCH_PREFIXES = "fetch.prefixes";
  public static final String FETCH_PRIVATE_HOSTS = "fetch.private.hosts";
  public static final String FETCH_AT_ONCE = "fetch.at.once";
  public static final String FETCH_TIMEOUT_MS = "fetch.timeout.ms";
  public static final String CAPACITY_RATIO = "capacity.ratio";
  public static final String EXPERTS_PER_TOKEN = "experts.per.token";
  public static final String ROUTING = "routing";
  public static final String CAPACITY_MODE = "capacity.mode";
  public static final String TARGET_LATENCY_MS = "target.latency.ms";
  public static final String LATE_POLICY = "late.policy";
  public static final String CAPACITY_RATIO_MIN = "capacity.ratio.min";
  public static final String CAPACITY_RATIO_MAX = "capacity.ratio.max";
  public static final String EXPERTS_PER_TOKEN_MIN = "experts.per.token.min";
  public static final String EXPERTS_PER_TOKEN_MAX = "experts.per.token.max";
  public static final String COST_SURVEY_MS = "cost.survey.ms";
  public static final String LAG_INTERVAL_MS = "lag.interval.ms";
  public static final String IMAGE_MAX_BYTES = "image.max.bytes";
  public static final String IMAGE_MAX_PIXELS = "image.max.pixels";
  public static final String IMAGE_MAX_PIXELS_PER_BYTE = "image.max.pixels.per.byte";
  public static final String CONSOLE_HOST = "console.host";
  public static final String CONSOLE_PORT = "console.port";
  public static final String CONSOLE_PAGE = "console.page";
  public static final String CONSOLE_NAMES = "console.names";
  public static final String CONSOLE_CONFIG_WRITE = "console.config.write";
  public static final String TRACING_OTLP_ENDPOINT = "tracing.otlp.endpoint";
  public static final String TRACING_SAMPLE_RATIO = "tracing.sample.ratio";

  /** Settings with these prefixes go to Kafka's clients and the registry's, prefix removed. */
  public static final String STREAMS_PREFIX = "streams.";

  public static final String CONSUMER_PREFIX = "consumer.";
  public static final String PRODUCER_PREFIX = "producer.";
  public static final String ADMIN_PREFIX = "admin.";
  public static final String REGISTRY_PREFIX = "registry.";

  /** Setting of Kafka Streams, below {@link #STREAMS_PREFIX}: how often an instance commits. */
  private static final String COMMIT_INTERVAL_MS = "commit.interval.ms";

  /** Default of how often an instance commits. */
  public static final Duration DEFAULT_COMMIT_INTERVAL = Duration.ofMillis(100);

  /** Environment variables with this prefix are settings. */
  public static final String ENVIRONMENT_PREFIX = "VMOE_";

  /** Parsing, validation and the documentation come from this definition. */
  public static final ConfigDef DEFINITION = new ConfigDef();

  static {
    Definitions definitions = new Definitions(DEFINITION);
    definitions
        .setting(
            APPLICATION_ID,
            STRING,
            "vmoe-streams",
            ValueCheck.matching("[a-zA-Z0-9._-]+", "letters, digits, '.', '_' and '-'"),
            HIGH)
        .means("Name of the consumer group; instances with the same name share the partitions.")
        .setting(
            BOOTSTRAP_SERVERS,
            STRING,
            "localhost:9092",
            ValueCheck.matching(
                "[^\\s,]+:\\d{1,5}(\\s*,\\s*[^\\s,]+:\\d{1,5})*", "host:port,host:port"),
            HIGH)
        .means("Kafka brokers as host:port, separated by commas.")
        .setting(
            REGISTRY_URL,
            STRING,
            "http://localhost:8081",
            ValueCheck.matching("(https?|mock)://\\S+", "an address with http:// or https://"),
            HIGH)
        .means("Base address of a schema registry with Confluent's REST interface.")
        .setting(REGISTRY_RETRY_MS, LONG, 30_000L, Range.atLeast(0), LOW)
        .means(
            "How long a command tries a registry again that cannot be reached, in milliseconds. An"
                + " instance tries it for at most 3 s at a time, and again later.")
        .setting(REGISTRY_WAIT_MS, LONG, 900_000L, Range.atLeast(0), LOW)
        .means(
            "How long an image waits for its schema while the registry does not give it, in"
                + " milliseconds, and the images behind it in its partition. Then it is a dead"
                + " letter, with its bytes untouched. Other partitions go on. A start without the"
                + " schema ids of its group waits for the registry as long as it takes.")
        .setting(REGISTRY_ACCEPT_EMPTY, BOOLEAN, false, LOW)
        .means(
            "Whether an application that has answered images before starts with a registry that has"
                + " none of its schemas. Images of ids that are lost are dead letters then.")
        .setting(
            TOPIC_PREFIX,
            STRING,
            "vmoe.",
            ValueCheck.matching(
                "[a-zA-Z0-9._-]{0,200}", "letters, digits, '.', '_' and '-', or empty"),
            MEDIUM)
        .means(
            "Prefix of every topic name in `topology/topics.yaml`, where `topics.…` sets no other"
                + " name.");
    TopicDefinitions.addTo(definitions);
    EventFormat.addTo(definitions);
    PredictionContents.addTo(definitions);
    ModelDefinitions.addTo(definitions);
    BatchDefinitions.addTo(definitions);
    FetchDefinitions.addTo(definitions);
    CapacityDefinitions.addTo(definitions);
    ConsoleDefinitions.addTo(definitions);
    SecurityDefinitions.addTo(definitions);
    OperationDefinitions.addTo(definitions);
  }

  /**
   * Parses and validates.
   *
   * @throws ConfigException if values are wrong, unknown or contradict each other; its message
   *     names all of them
   */
  public Settings(Map<String, ?> properties) {
    super(DEFINITION, checked(properties), false);
    TopicDefinitions.requireDistinct(this);
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

  /** Returns the folder of models if it is set. */
  public Optional<Path> modelsDir() {
    return Optional.ofNullable(getString(MODELS_DIR)).map(Path::of);
  }

  /** Returns whether the number of batches that run at once is to be chosen at the start. */
  public boolean choosesRuns() {
    return getInt(INFERENCE_RUNS) == 0;
  }

  /**
   * Returns how runs may share the CPU, fewest runs first; more than one layout where the number of
   * runs is to be chosen by measuring.
   */
  public List<RunLayout> runLayouts() {
    int runs = getInt(INFERENCE_RUNS);
    int threads = getInt(INFERENCE_THREADS);
    int cores = Runtime.getRuntime().availableProcessors();
    return runs == 0
        ? RunLayout.over(cores, threads)
        : List.of(new RunLayout(runs, threads > 0 ? threads : Math.max(1, cores / runs)));
  }

  /**
   * Returns the threads that decode images.
   *
   * @param inTurn whether images are decoded between the runs of the model, not during them
   */
  public int decodeThreads(boolean inTurn) {
    int threads = getInt(DECODE_THREADS);
    int cores = Runtime.getRuntime().availableProcessors();
    return threads > 0 ? threads : inTurn ? cores : Math.max(1, cores / 2);
  }

  /**
   * Returns what all images that are being decoded may take together, in bytes.
   *
   * @param modelBytes bytes of the files of all models that are served
   */
  public long decodeMaxBytes(long modelBytes) {
    long bytes = getLong(DECODE_MAX_BYTES);
    return bytes > 0 ? bytes : OffHeapMemory.ofThisJvm().decodeBytes(modelBytes);
  }

  /** Returns the maximum time to decode one image. */
  public Duration decodeTimeout() {
    return Duration.ofMillis(getLong(DECODE_TIMEOUT_MS));
  }

  /** Returns the maximum time of one run of the model. */
  public Duration inferenceTimeout() {
    return Duration.ofMillis(getLong(INFERENCE_TIMEOUT_MS));
  }

  /** Returns the full name of the topic that has this name in the plan; of several, the first. */
  public String topic(String name) {
    return topics(name).get(0);
  }

  /** Returns the full names of the topics that have this name in the plan. */
  public List<String> topics(String name) {
    return setsTopic(name)
        ? List.of(getString(TopicDefinitions.PREFIX + name).split("\\s*,\\s*", -1))
        : List.of(getString(TOPIC_PREFIX) + name);
  }

  /** Returns whether a topic of the plan has a name that is set, not one with the prefix. */
  public boolean setsTopic(String name) {
    String key = TopicDefinitions.PREFIX + name;
    return DEFINITION.names().contains(key) && getString(key) != null;
  }

  /** Returns how long an unreachable registry is tried again. */
  public Duration registryRetry() {
    return Duration.ofMillis(getLong(REGISTRY_RETRY_MS));
  }

  /** Returns how long an image waits for its schema while the registry does not give it. */
  public Duration registryWait() {
    return Duration.ofMillis(getLong(REGISTRY_WAIT_MS));
  }

  /**
   * Returns the maximum images in flight of one partition.
   *
   * @param maxBatchImages maximum images of a batch
   * @param runs batches that run at once
   */
  public int inFlightImages(int maxBatchImages, int runs) {
    int images = getInt(IN_FLIGHT_IMAGES);
    return images > 0 ? images : (3 + runs) * maxBatchImages;
  }

  /** Returns the time limit of the cost survey, of which it may take three. */
  public Duration costSurvey() {
    return Duration.ofMillis(getLong(COST_SURVEY_MS));
  }

  /** Returns how often the backlog is read. */
  public Duration lagInterval() {
    return Duration.ofMillis(getLong(LAG_INTERVAL_MS));
  }

  /** Returns the maximum bytes of records in flight, over all partitions. */
  public long inFlightMaxBytes() {
    long bytes = getLong(IN_FLIGHT_MAX_BYTES);
    return bytes > 0 ? bytes : Runtime.getRuntime().maxMemory() / 4;
  }

  /** Returns the maximum total wait for room between two commits. */
  public Duration inFlightWait() {
    return Duration.ofMillis(getLong(IN_FLIGHT_WAIT_MS));
  }

  /** Returns how often an instance commits: an answer can be read only once it is committed. */
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

  /**
   * Returns the properties of a consumer without a group: it reads what is committed, from the
   * beginning, and leaves nothing behind.
   */
  public Map<String, Object> consumerProperties() {
    Map<String, Object> properties =
        clientProperties(ConsumerConfig.configNames(), CONSUMER_PREFIX);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return properties;
  }

  /** Returns the properties of a plain producer; always idempotent, acknowledged by all. */
  public Map<String, Object> producerProperties() {
    Map<String, Object> properties =
        clientProperties(ProducerConfig.configNames(), PRODUCER_PREFIX);
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    return properties;
  }

  /** Returns the properties of an admin client. */
  public Map<String, Object> adminProperties() {
    return clientProperties(AdminClientConfig.configNames(), ADMIN_PREFIX);
  }

  /** Returns the registry client's properties, without its address. */
  public Map<String, Object> registryProperties() {
    return withPrefix(REGISTRY_PREFIX);
  }

  /** As in Kafka Streams, settings for all clients (mostly security) apply to each. */
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

  /** Returns every setting in force by key, with secrets masked. */
  public SortedMap<String, String> printable() {
    SortedMap<String, String> printable = new TreeMap<>();
    values().forEach((key, value) -> printable.put(key, String.valueOf(value)));
    originals().forEach((key, value) -> printable.put(key, String.valueOf(value)));
    printable.replaceAll(Secrets::printable);
    return printable;
  }
}
