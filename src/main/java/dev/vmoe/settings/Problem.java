package dev.vmoe.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigException;

/**
 * What is wrong with one setting.
 *
 * @param key the setting's name
 * @param message what is wrong and what would be right; never a secret
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

  /** Passed-through settings that delivery depends on: key → the one value allowed. */
  private static final Map<String, String> FIXED =
      Map.of(
          "streams.processing.guarantee", "exactly_once_v2",
          "consumer.isolation.level", "read_committed",
          "streams.consumer.isolation.level", "read_committed",
          "producer.acks", "all",
          "producer.enable.idempotence", "true",
          "streams.producer.acks", "all",
          "streams.producer.enable.idempotence", "true");

  /** Passed-through settings that have a name of their own here: key → that name. */
  private static final Map<String, String> RENAMED =
      Map.of(
          "streams.application.id", Settings.APPLICATION_ID,
          "streams.bootstrap.servers", Settings.BOOTSTRAP_SERVERS,
          "consumer.bootstrap.servers", Settings.BOOTSTRAP_SERVERS,
          "producer.bootstrap.servers", Settings.BOOTSTRAP_SERVERS,
          "admin.bootstrap.servers", Settings.BOOTSTRAP_SERVERS,
          "registry.schema.registry.url", Settings.REGISTRY_URL);

  /** Returns everything that is wrong with these settings, by key. */
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

  /** Returns what is wrong with this setting; empty if nothing is. */
  private static String message(String key, String value) {
    if (RENAMED.containsKey(key)) {
      return "set " + RENAMED.get(key) + " instead";
    }
    String fixed = FIXED.get(key);
    if (fixed != null && !fixed.equals(value)) {
      return "exactly-once delivery needs " + fixed + ": remove the setting";
    }
    ConfigKey definition = Settings.DEFINITION.configKeys().get(key);
    if (definition == null) {
      return isPassedThrough(key)
          ? ""
          : "unknown setting" + Nearest.suggestion(key, knownAndPrefixed(key));
    }
    if (value.contains("${")) {
      return ""; // a config provider's business: what it gives is checked once it is resolved
    }
    try {
      Object parsed = ConfigDef.parseType(key, value, definition.type);
      if (definition.validator != null) {
        definition.validator.ensureValid(key, parsed);
      }
      return "";
    } catch (ConfigException e) {
      return "'"
          + (Secrets.isSecret(key) ? Secrets.MASK : value)
          + "' is not "
          + expected(definition);
    }
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
    if (definition.validator instanceof Check) {
      return valid;
    }
    return type.isEmpty() || valid.isEmpty() ? type + valid : type + " in " + valid;
  }

  private static boolean isPassedThrough(String key) {
    return key.equals(AbstractConfig.CONFIG_PROVIDERS_CONFIG)
        || PASSED_THROUGH.stream()
            .anyMatch(prefix -> key.startsWith(prefix) && key.length() > prefix.length());
  }

  /** A misspelled prefix is as likely as a misspelled name: "stream.num.stream.threads". */
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
