package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;

/** The settings of the topics' names, by {@value #PREFIX} and the name in the plan. */
final class TopicDefinitions {

  static final String PREFIX = "topics.";

  /** Kafka's rule. */
  private static final String NAME = "(?!\\.{1,2}(?:[\\s,]|$))[a-zA-Z0-9._-]{1,249}";

  private static final String MAY_BE = "at most 249 letters, digits, '.', '_' and '-'";
  private static final ValueCheck ONE = ValueCheck.matching(NAME, "a topic's name: " + MAY_BE);
  private static final ValueCheck SEVERAL =
      ValueCheck.matching(
          NAME + "(\\s*,\\s*" + NAME + ")*",
          "names of topics, separated by commas: each " + MAY_BE);

  private TopicDefinitions() {}

  static void addTo(Definitions definitions) {
    add(
        definitions,
        "images",
        SEVERAL,
        "Topics that images come by, separated by commas. Each may have its own number of"
            + " partitions; commands that send images use the first.");
    add(definitions, "predictions", ONE, "Topic of the answers to the images of all topics.");
    add(definitions, "images.dlq", ONE, "Topic of the dead letters of all topics.");
    add(definitions, "expert-utilization", ONE, "Topic of what the experts did.");
    add(definitions, "config", ONE, "Topic of the configurations that all instances follow.");
  }

  private static void add(Definitions definitions, String name, ValueCheck check, String meaning) {
    definitions
        .setting(PREFIX + name, STRING, null, check, MEDIUM)
        .means(meaning + " If not set: topic.prefix and `" + name + "`.");
  }

  /**
   * Checks that each topic is named once. Kafka takes {@code .} and {@code _} for the same.
   *
   * @throws ConfigException if not; its message names all that are named again
   */
  static void requireDistinct(Settings settings) {
    Map<String, String> firsts = new LinkedHashMap<>();
    List<String> problems = new ArrayList<>();
    for (String key : Settings.DEFINITION.names()) {
      if (key.startsWith(PREFIX)) {
        for (String topic : settings.topics(key.substring(PREFIX.length()))) {
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
}
