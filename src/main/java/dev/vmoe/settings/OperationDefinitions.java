package dev.vmoe.settings;

import java.time.Duration;
import java.util.List;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.ValidString;

/** The settings of those who operate instances: how they log, and how they stop. */
public final class OperationDefinitions {

  public static final String LOG_FORMAT = "log.format";
  public static final String LOG_LEVEL = "log.level";
  public static final String KAFKA_LOG_LEVEL = "kafka.log.level";
  public static final String STOP_TIMEOUT_MS = "stop.timeout.ms";

  /** The {@link #LOG_FORMAT} of one JSON object a line. */
  public static final String JSON = "json";

  /** The settings that the log needs before a settings file is read. */
  public static final List<String> OF_THE_LOG = List.of(LOG_FORMAT, LOG_LEVEL, KAFKA_LOG_LEVEL);

  private OperationDefinitions() {}

  /** Adds the definitions. */
  static void addTo(ConfigDef definition) {
    definition
        .define(
            LOG_FORMAT,
            Type.STRING,
            "text",
            ValidString.in("text", JSON),
            Importance.MEDIUM,
            "How the log is written, always to stderr: text, for people; json, one object a line, in"
                + " which everything else that a command says on stderr then is, too.")
        .define(
            LOG_LEVEL,
            Type.STRING,
            "INFO",
            levels(),
            Importance.LOW,
            "Least level of this application's own log.")
        .define(
            KAFKA_LOG_LEVEL,
            Type.STRING,
            "WARN",
            levels(),
            Importance.LOW,
            "Least level of the log of Kafka's clients and all other libraries.")
        .define(
            STOP_TIMEOUT_MS,
            Type.LONG,
            25_000L,
            Range.between(1_000, 600_000),
            Importance.MEDIUM,
            "Longest time that `vmoe run` takes to end when it is told to stop, in milliseconds. What"
                + " has not ended by then is left behind; nothing is lost, other instances answer it."
                + " Keep it below the time after which a supervisor kills (Kubernetes: 30 s).");
  }

  private static ValueCheck levels() {
    return ValueCheck.matching(
        "(?i)trace|debug|info|warn|error|off", "TRACE, DEBUG, INFO, WARN, ERROR or OFF");
  }

  /** Returns the longest time that an instance takes to end when it is told to stop. */
  public static Duration stopTimeout(Settings settings) {
    return Duration.ofMillis(settings.getLong(STOP_TIMEOUT_MS));
  }
}
