package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import java.time.Duration;
import java.util.List;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.ValidString;

/** The settings of operation: log, stop, traces. */
public final class OperationDefinitions {

  public static final String LOG_FORMAT = "log.format";
  public static final String LOG_LEVEL = "log.level";
  public static final String KAFKA_LOG_LEVEL = "kafka.log.level";
  public static final String STOP_TIMEOUT_MS = "stop.timeout.ms";

  /** The {@link #LOG_FORMAT} of one JSON object a line. */
  public static final String JSON = "json";

  /** The settings that the log needs before the settings file is read. */
  public static final List<String> OF_THE_LOG = List.of(LOG_FORMAT, LOG_LEVEL, KAFKA_LOG_LEVEL);

  private OperationDefinitions() {}

  static void addTo(Definitions definitions) {
    definitions
        .setting(LOG_FORMAT, STRING, "text", ValidString.in("text", JSON), MEDIUM)
        .means(
            "Format of the log, which always goes to stderr. text: lines for people. json: one"
                + " object a line, also for everything else that a command prints on stderr.")
        .setting(LOG_LEVEL, STRING, "INFO", levels(), LOW)
        .means("Minimum level of vmoe's own log.")
        .setting(KAFKA_LOG_LEVEL, STRING, "WARN", levels(), LOW)
        .means("Minimum level of the log of Kafka's clients and all other libraries.")
        .setting(STOP_TIMEOUT_MS, LONG, 25_000L, Range.between(1_000, 600_000), MEDIUM)
        .means(
            "Maximum time that `vmoe run` takes to end when it is told to stop, in milliseconds."
                + " Work that has not ended by then is abandoned; nothing is lost, because other"
                + " instances answer those images. Keep it below the time after which a"
                + " supervisor kills (Kubernetes: 30 s).")
        .setting(
            Settings.TRACING_OTLP_ENDPOINT,
            STRING,
            null,
            ValueCheck.matching("https?://[^\\s/]+(/\\S*)?", "an address with http:// or https://"),
            MEDIUM)
        .means(
            "Address of a collector that takes OTLP over HTTP, such as `http://host:4318`. If"
                + " not set, `OTEL_EXPORTER_OTLP_ENDPOINT` is used; without either there are no"
                + " traces. Everything else, such as headers and certificates, comes from the"
                + " variables of OpenTelemetry.")
        .setting(Settings.TRACING_SAMPLE_RATIO, DOUBLE, null, ValueCheck.between(0, 1), MEDIUM)
        .means(
            "Share of the images without a `traceparent` whose trace is recorded; a"
                + " `traceparent` decides for its own image. If not set, `OTEL_TRACES_SAMPLER` is"
                + " used; without either all are recorded.");
  }

  private static ValueCheck levels() {
    return ValueCheck.matching(
        "(?i)trace|debug|info|warn|error|off", "TRACE, DEBUG, INFO, WARN, ERROR or OFF");
  }

  /** Returns the maximum time that an instance takes to end when it is told to stop. */
  public static Duration stopTimeout(Settings settings) {
    return Duration.ofMillis(settings.getLong(STOP_TIMEOUT_MS));
  }
}
