package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import java.util.Locale;
import org.apache.kafka.common.config.ConfigDef.ValidString;

/** How an event is written. */
public enum EventFormat {
  /** Avro binary behind the id of its schema. */
  AVRO("application/avro"),
  /** One object whose fields have the names of the Avro schema. */
  JSON("application/json");

  public static final String PREDICTIONS_FORMAT = "predictions.format";
  public static final String UTILIZATION_FORMAT = "utilization.format";

  private final String contentType;

  EventFormat(String contentType) {
    this.contentType = contentType;
  }

  static void addTo(Definitions definitions) {
    definitions
        .setting(PREDICTIONS_FORMAT, STRING, AVRO.label(), labels(), MEDIUM)
        .means(
            "Format of predictions. avro: Confluent's wire format, schema in the"
                + " registry. json: one object with the same fields, see"
                + " `schemas/Prediction.schema.json`. The header `content-type` tells which.")
        .setting(UTILIZATION_FORMAT, STRING, AVRO.label(), labels(), MEDIUM)
        .means("Format of utilization events, avro or json in the same way.");
  }

  private static ValidString labels() {
    return ValidString.in(AVRO.label(), JSON.label());
  }

  /** Returns the format of predictions. */
  public static EventFormat ofPredictions(Settings settings) {
    return valueOf(settings.getString(PREDICTIONS_FORMAT).toUpperCase(Locale.ROOT));
  }

  /** Returns the format of utilization events. */
  public static EventFormat ofUtilization(Settings settings) {
    return valueOf(settings.getString(UTILIZATION_FORMAT).toUpperCase(Locale.ROOT));
  }

  /** Returns the name used in settings. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the media type that records have in their header {@code content-type}. */
  public String contentType() {
    return contentType;
  }
}
