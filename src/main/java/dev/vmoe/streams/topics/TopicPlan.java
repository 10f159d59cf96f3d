package dev.vmoe.streams.topics;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.vmoe.streams.settings.Nearest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.TopicConfig;

/**
 * The planned topics: {@code topology/topics.yaml} as a value.
 *
 * @param topics every topic of the application once, in the order of the file
 */
public record TopicPlan(List<Topic> topics) {

  public static final String IMAGES = "images";
  public static final String PREDICTIONS = "predictions";
  public static final String EXPERT_UTILIZATION = "expert-utilization";
  public static final String CONFIG = "config";
  public static final String IMAGES_DLQ = "images.dlq";

  /**
   * Maximum bytes of an image's key, headers, label and attributes. They are copied to its
   * prediction, and predictions are kept for long and read by many.
   */
  public static final int MAX_CARRIED_BYTES = 256 * 1024;

  /** The predictions topic has to take the carried bytes and far fewer of the model's own. */
  public static final int MIN_PREDICTION_BYTES = 2 * MAX_CARRIED_BYTES;

  /** All of them. */
  public static final List<String> NAMES =
      List.of(IMAGES, PREDICTIONS, EXPERT_UTILIZATION, CONFIG, IMAGES_DLQ);

  private static final String RESOURCE = "/topology/topics.yaml";
  private static final String PARTITIONS = "partitions";
  private static final String REPLICATION_FACTOR = "replication-factor";
  private static final String CONFIG_MAP = "config";
  private static final Set<String> TOPIC_KEYS = Set.of(PARTITIONS, REPLICATION_FACTOR, CONFIG_MAP);

  /** Kafka's default. */
  private static final long DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

  /** Names of this Kafka version's topic settings. */
  private static final Set<String> TOPIC_CONFIGS =
      Arrays.stream(TopicConfig.class.getFields())
          .filter(field -> field.getName().endsWith("_CONFIG"))
          .map(TopicPlan::constant)
          .collect(Collectors.toUnmodifiableSet());

  /**
   * One planned topic.
   *
   * @param name without the prefix
   * @param partitions at least 1
   * @param replicationFactor replicas of a partition; -1 for the broker's default
   * @param config Kafka's topic settings; the broker's defaults apply to the others
   */
  public record Topic(
      String name, int partitions, short replicationFactor, Map<String, String> config) {

    /** Sorts the settings and checks them. */
    public Topic {
      if (partitions < 1) {
        throw new ConfigException(name + ": " + partitions + " partitions; at least 1 is needed");
      }
      if (replicationFactor < 1 && replicationFactor != -1) {
        throw new ConfigException(
            "%s: replication-factor %s is neither at least 1 nor -1 (the broker's default)"
                .formatted(name, replicationFactor));
      }
      for (String key : config.keySet()) {
        if (!TOPIC_CONFIGS.contains(key)) {
          throw new ConfigException(
              "%s: '%s' is no topic setting of Kafka%s"
                  .formatted(name, key, Nearest.suggestion(key, TOPIC_CONFIGS)));
        }
      }
      config = java.util.Collections.unmodifiableMap(new TreeMap<>(config));
    }
  }

  /**
   * Checks what the application depends on.
   *
   * @throws ConfigException if a topic is missing, unknown or unfit for its purpose
   */
  public TopicPlan {
    topics = List.copyOf(topics);
    List<String> names = topics.stream().map(Topic::name).toList();
    for (String name : names) {
      if (!NAMES.contains(name)) {
        throw new ConfigException("unknown topic '" + name + "'" + Nearest.suggestion(name, NAMES));
      }
    }
    for (String name : NAMES) {
      if (!names.contains(name)) {
        throw new ConfigException("topic '" + name + "' is missing");
      }
    }
    Topic configurations = find(topics, CONFIG);
    if (configurations.partitions() != 1) {
      throw new ConfigException(
          "config: "
              + configurations.partitions()
              + " partitions; the order of all configurations needs exactly 1");
    }
    long largestImage = maxMessageBytes(find(topics, IMAGES));
    long largestDeadLetter = maxMessageBytes(find(topics, IMAGES_DLQ));
    if (largestDeadLetter <= largestImage) {
      throw new ConfigException(
          ("images.dlq: max.message.bytes %s must be above that of images (%s): a dead letter"
                  + " is the image and its error headers")
              .formatted(largestDeadLetter, largestImage));
    }
    long largestPrediction = maxMessageBytes(find(topics, PREDICTIONS));
    if (largestPrediction < MIN_PREDICTION_BYTES) {
      throw new ConfigException(
          ("predictions: max.message.bytes %s must be at least %s: a prediction carries up to"
                  + " %s bytes of its image's key, headers, label and attributes")
              .formatted(largestPrediction, MIN_PREDICTION_BYTES, MAX_CARRIED_BYTES));
    }
  }

  /** Returns the plan of the checkout, else the one that was packaged with these classes. */
  public static TopicPlan load() {
    String home = System.getProperty("vmoe.home");
    if (home != null) {
      Path file = Path.of(home, "topology", "topics.yaml");
      if (Files.exists(file)) {
        return read(file);
      }
    }
    try (InputStream resource = TopicPlan.class.getResourceAsStream(RESOURCE)) {
      if (resource == null) {
        throw new IllegalStateException("the class path has no " + RESOURCE);
      }
      return parse(resource.readAllBytes(), "packaged topics.yaml");
    } catch (IOException e) {
      throw new ConfigException("packaged topics.yaml cannot be read: " + e.getMessage());
    }
  }

  /**
   * Reads a plan.
   *
   * @throws ConfigException if the file cannot be read, or its content is wrong
   */
  public static TopicPlan read(Path file) {
    try {
      return parse(Files.readAllBytes(file), file.toString());
    } catch (NoSuchFileException e) {
      throw new ConfigException("topics file " + file + " does not exist");
    } catch (IOException e) {
      throw new ConfigException("topics file " + file + " cannot be read: " + e.getMessage());
    }
  }

  /** Returns the topic with this name, without prefix. */
  public Topic topic(String name) {
    return find(topics, name);
  }

  /**
   * Returns the same plan with this many replicas; writing goes on while one of them is missing.
   */
  public TopicPlan withReplicationFactor(int replicas) {
    return new TopicPlan(
        topics.stream()
            .map(
                topic -> {
                  Map<String, String> config = new TreeMap<>(topic.config());
                  config.put(
                      TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
                      Integer.toString(Math.max(1, replicas - 1)));
                  return new Topic(topic.name(), topic.partitions(), (short) replicas, config);
                })
            .toList());
  }

  private static TopicPlan parse(byte[] yaml, String origin) throws IOException {
    YAMLMapper mapper =
        YAMLMapper.builder(
                YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
            .build();
    try (JsonParser parser = mapper.createParser(yaml)) {
      JsonNode root = mapper.readTree(parser);
      if (root == null || !root.isObject()) {
        throw new ConfigException("expected topics by name");
      }
      List<Topic> topics = new ArrayList<>();
      for (Map.Entry<String, JsonNode> entry : root.properties()) {
        topics.add(topic(entry.getKey(), entry.getValue()));
      }
      return new TopicPlan(topics);
    } catch (JsonProcessingException e) {
      throw new ConfigException(
          "%s: line %d: %s"
              .formatted(
                  origin,
                  e.getLocation().getLineNr(),
                  e.getOriginalMessage().lines().findFirst().orElse("not YAML")));
    } catch (ConfigException e) {
      throw new ConfigException(origin + ": " + e.getMessage());
    }
  }

  private static Topic topic(String name, JsonNode node) {
    if (!node.isObject()) {
      throw new ConfigException(name + ": expected partitions, replication-factor and config");
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!TOPIC_KEYS.contains(entry.getKey())) {
        throw new ConfigException(
            "%s: unknown key '%s'%s"
                .formatted(name, entry.getKey(), Nearest.suggestion(entry.getKey(), TOPIC_KEYS)));
      }
    }
    JsonNode config = node.path(CONFIG_MAP);
    if (!config.isObject()) {
      throw new ConfigException(name + ": config is missing or not a map");
    }
    Map<String, String> values = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : config.properties()) {
      if (!entry.getValue().isValueNode() || entry.getValue().isNull()) {
        throw new ConfigException(name + ": " + entry.getKey() + " has no single value");
      }
      values.put(entry.getKey(), entry.getValue().asText());
    }
    return new Topic(
        name,
        wholeNumber(name, node, PARTITIONS),
        (short) wholeNumber(name, node, REPLICATION_FACTOR),
        values);
  }

  private static int wholeNumber(String name, JsonNode node, String key) {
    JsonNode value = node.path(key);
    if (!value.canConvertToInt() || !value.isIntegralNumber()) {
      throw new ConfigException(name + ": " + key + " is missing or not a whole number");
    }
    return value.intValue();
  }

  private static Topic find(List<Topic> topics, String name) {
    return topics.stream()
        .filter(topic -> topic.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no topic '" + name + "' in the plan"));
  }

  private static long maxMessageBytes(Topic topic) {
    String value = topic.config().get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
    try {
      return value == null ? DEFAULT_MAX_MESSAGE_BYTES : Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new ConfigException(
          topic.name() + ": max.message.bytes '" + value + "' is not a whole number");
    }
  }

  private static String constant(java.lang.reflect.Field field) {
    try {
      return String.valueOf(field.get(null));
    } catch (IllegalAccessException e) {
      throw new LinkageError("Kafka's " + field + " cannot be read", e);
    }
  }
}
