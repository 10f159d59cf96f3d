package dev.vmoe.settings;

import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;

/** Definitions of the settings of traces. */
final class TracingDefinitions {

  private TracingDefinitions() {}

  /** Adds the definitions. */
  @SuppressWarnings("NullAway") // a default that is null means that there is none
  static void addTo(ConfigDef definition) {
    definition
        .define(
            Settings.TRACING_OTLP_ENDPOINT,
            Type.STRING,
            null,
            ValueCheck.matching("https?://[^\\s/]+(/\\S*)?", "an address with http:// or https://"),
            Importance.MEDIUM,
            "Where traces go: a collector that takes OTLP over HTTP, `http://host:4318`."
                + " Not set, `OTEL_EXPORTER_OTLP_ENDPOINT` counts; without either there are no"
                + " traces. What has no setting here, headers and certificates among it, is taken"
                + " from OpenTelemetry's own variables.")
        .define(
            Settings.TRACING_SAMPLE_RATIO,
            Type.DOUBLE,
            null,
            ValueCheck.between(0, 1),
            Importance.MEDIUM,
            "Share of the images without a `traceparent` whose trace is recorded; of the others the"
                + " `traceparent` says whether. Not set, `OTEL_TRACES_SAMPLER` counts; without"
                + " either all are recorded.");
  }
}
