package dev.vmoe.streams.settings;

import dev.vmoe.core.batch.OffHeapMemory;
import dev.vmoe.core.inference.RunLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/** The settings of one instance, typed and validated; see {@code src/docs/settings.md}. */
public final class Settings extends AdvancedSettings {

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
  public static final ConfigDef DEFINITION = ALL;

  /**
   * Parses and validates.
   *
   * @throws ConfigException if values are wrong, unknown or contradict each other; its message
   *     names all of them
   */
  public Settings(Map<String, ?> properties) {
    super(checked(properties));
    requireDistinctTopics();
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

  /** Checks that each topic is named once. Kafka takes {@code .} and {@code _} for the same. */
  private void requireDistinctTopics() {
    Map<String, String> firsts = new HashMap<>();
    List<String> problems = new ArrayList<>();
    for (String key : DEFINITION.names()) {
      if (key.startsWith(TOPICS_PREFIX)) {
        for (String topic : topics(key.substring(TOPICS_PREFIX.length()))) {
          String first = firsts.putIfAbsent(topic.replace('.', '_'), key);
          if (first != null) {
            problems.add(
                "'%s' is named %s"
                    .formatted(
                        topic,
                        key.equals(first) ? "twice by " + key : "by " + first + " and " + key));
          }
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new ConfigException(
          String.join("; ", problems)
              + ": give each topic a name of its own; what is written to a topic of images would be"
              + " read as images");
    }
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
        ? List.of(getString(TOPICS_PREFIX + name).split("\\s*,\\s*", -1))
        : List.of(getString(TOPIC_PREFIX) + name);
  }

  /** Returns whether a topic of the plan has a name that is set, not one with the prefix. */
  public boolean setsTopic(String name) {
    String key = TOPICS_PREFIX + name;
    return DEFINITION.names().contains(key) && getString(key) != null;
  }

  /** Returns how long an image waits for its schema while the registry does not give it. */
  public Duration registryWait() {
    return Duration.ofMillis(getLong(REGISTRY_WAIT_MS));
  }

  /** Returns the time limit of the cost survey, of which it may take three. */
  public Duration costSurvey() {
    return Duration.ofMillis(getLong(COST_SURVEY_MS));
  }

  /** Returns the maximum time that an instance takes to end when it is told to stop. */
  public Duration stopTimeout() {
    return Duration.ofMillis(getLong(STOP_TIMEOUT_MS));
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

  /**
   * Returns the settings that are passed through and that no client of Kafka knows, each with a
   * suggestion, which may be empty. Kafka ignores them; a plug-in of the user may read them.
   */
  public SortedMap<String, String> unknownToClients() {
    Set<String> known = new TreeSet<>(StreamsConfig.configDef().names());
    known.addAll(ConsumerConfig.configNames());
    known.addAll(ProducerConfig.configNames());
    known.addAll(AdminClientConfig.configNames());
    SortedMap<String, String> unknown = new TreeMap<>();
    for (String key : originals().keySet()) {
      String name = Problem.clientsName(key);
      boolean ofInternalTopics = name.startsWith(StreamsConfig.TOPIC_PREFIX);
      if (!name.isEmpty() && !ofInternalTopics && !known.contains(name)) {
        unknown.put(key, Nearest.suggestion(name, known));
      }
    }
    return unknown;
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
