package dev.vmoe.streams.settings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigException;

/**
 * A mistake in one setting.
 *
 * @param key the setting's name
 * @param message says what is wrong and what is allowed; never contains a secret
 */
record Problem(String key, String message) {

  private static final List<String> PASSED_THROUGH =
      List.of(
          Settings.STREAMS_PREFIX,
          Settings.CONSUMER_PREFIX,
          Settings.PRODUCER_PREFIX,
          Settings.ADMIN_PREFIX,
          Settings.REGISTRY_PREFIX,
          AbstractConfig.CONFIG_PROVIDERS_CONFIG + ".");

  /**
   * The prefixes of settings of Kafka's clients, longest first. The rest of a key after the first
   * prefix that fits is the name that the client knows.
   */
  private static final List<String> CLIENT_PREFIXES =
      Stream.of(
              Settings.STREAMS_PREFIX,
              Settings.STREAMS_PREFIX + "consumer.",
              Settings.STREAMS_PREFIX + "main.consumer.",
              Settings.STREAMS_PREFIX + "restore.consumer.",
              Settings.STREAMS_PREFIX + "global.consumer.",
              Settings.STREAMS_PREFIX + "producer.",
              Settings.STREAMS_PREFIX + "admin.",
              Settings.CONSUMER_PREFIX,
              Settings.PRODUCER_PREFIX,
              Settings.ADMIN_PREFIX)
          .sorted(Comparator.comparingInt(String::length).reversed())
          .toList();

  /** Settings of Kafka's clients that delivery depends on: name → the one value allowed. */
  private static final Map<String, String> FIXED =
      Map.of(
          "processing.guarantee", "exactly_once_v2",
          "isolation.level", "read_committed",
          "enable.auto.commit", "false",
          "auto.offset.reset", "earliest",
          "acks", "all",
          "enable.idempotence", "true");

  private static final String NO_HANDLER = "remove it: a handler could skip images without a trace";

  /** Settings of Kafka's clients that users may not set: name → what to do instead. */
  private static final Map<String, String> TAKEN =
      Map.ofEntries(
          Map.entry("application.id", "set application.id instead"),
          Map.entry("group.id", "set application.id instead"),
          Map.entry("bootstrap.servers", "set bootstrap.servers instead"),
          Map.entry("transactional.id", "remove it: each producer gets its own"),
          Map.entry(
              "group.protocol",
              "remove it: only Kafka's classic protocol, the default, is supported; with others,"
                  + " partitions may stand still after a kill"),
          Map.entry("processing.exception.handler", NO_HANDLER),
          Map.entry("production.exception.handler", NO_HANDLER),
          Map.entry("default.production.exception.handler", NO_HANDLER),
          Map.entry("deserialization.exception.handler", NO_HANDLER),
          Map.entry("default.deserialization.exception.handler", NO_HANDLER),
          Map.entry("errors.dead.letter.queue.topic.name", "set topics.images.dlq instead"));

  /** Returns all mistakes in these settings, sorted by key. */
  static List<Problem> in(Map<String, String> properties) {
    List<Problem> problems = new ArrayList<>();
    new TreeMap<>(properties)
        .forEach(
            (key, value) -> {
              String message = message(key, value);
              if (!message.isEmpty()) {
                problems.add(new Problem(key, message));
              }
            });
    return List.copyOf(problems);
  }

  /** Returns the mistake in this setting; empty if there is none. */
  private static String message(String key, String value) {
    if (key.equals(Settings.REGISTRY_PREFIX + Settings.REGISTRY_URL)) {
      return "set " + Settings.REGISTRY_URL + " instead";
    }
    String name = clientsName(key);
    String instead = TAKEN.get(name);
    if (instead != null) {
      return instead;
    }
    String fixed = FIXED.get(name);
    if (fixed != null && !fixed.equals(value)) {
      return "exactly-once delivery needs " + fixed + ": remove the setting";
    }
    ConfigKey definition = Settings.DEFINITION.configKeys().get(key);
    if (definition == null) {
      return isPassedThrough(key) ? "" : unknown(key);
    }
    if (value.contains("${")) {
      return ""; // a configuration provider resolves it; the result is checked then
    }
    return inValue(definition, value);
  }

  private static String unknown(String key) {
    String removed = RemovedSettings.insteadOf(key);
    return removed == null
        ? "unknown setting" + Nearest.suggestion(key, knownAndPrefixed(key))
        : removed;
  }

  /** Returns the mistake in a value that no provider resolves; empty if there is none. */
  static String inValue(ConfigKey definition, String value) {
    try {
      parse(definition, value);
      return "";
    } catch (ConfigException e) {
      return "'" + Secrets.printable(definition.name, value) + "' is not " + expected(definition);
    }
  }

  /**
   * Parses a value as its setting's type.
   *
   * @throws ConfigException if it is not of that type, or not allowed
   */
  static Object parse(ConfigKey definition, String value) {
    Object parsed = ConfigDef.parseType(definition.name, value, definition.type);
    if (definition.validator != null) {
      definition.validator.ensureValid(definition.name, parsed);
    }
    return parsed;
  }

  /** Returns the name by which a Kafka client knows this setting; empty if it is none of theirs. */
  static String clientsName(String key) {
    return CLIENT_PREFIXES.stream()
        .filter(key::startsWith)
        .findFirst()
        .map(prefix -> key.substring(prefix.length()))
        .orElse("");
  }

  private static String expected(ConfigKey definition) {
    String type =
        switch (definition.type) {
          case INT, LONG, SHORT -> "a whole number";
          case DOUBLE -> "a number";
          case BOOLEAN -> "true or false";
          default -> "";
        };
    String valid = definition.validator == null ? "" : definition.validator.toString();
    if (definition.validator instanceof ValueCheck) {
      return valid;
    }
    return type.isEmpty() || valid.isEmpty() ? type + valid : type + " in " + valid;
  }

  private static boolean isPassedThrough(String key) {
    return key.equals(AbstractConfig.CONFIG_PROVIDERS_CONFIG)
        || PASSED_THROUGH.stream()
            .anyMatch(prefix -> key.startsWith(prefix) && key.length() > prefix.length());
  }

  /** The prefix may be misspelled, too, as in "stream.num.stream.threads". */
  private static Set<String> knownAndPrefixed(String key) {
    Set<String> known = new TreeSet<>(Settings.DEFINITION.names());
    int dot = key.indexOf('.');
    if (dot > 0) {
      Nearest.to(key.substring(0, dot + 1), PASSED_THROUGH)
          .ifPresent(prefix -> known.add(prefix + key.substring(dot + 1)));
    }
    return known;
  }
}
