package dev.vmoe.streams.settings;

import java.util.Locale;

/** How an event is written. */
public enum EventFormat {
  /** Avro binary behind the id of its schema. */
  AVRO("application/avro"),
  /** One object whose fields have the names of the Avro schema. */
  JSON("application/json");

  private final String contentType;

  EventFormat(String contentType) {
    this.contentType = contentType;
  }

  /** Returns the format of predictions and utilization events. */
  public static EventFormat of(Settings settings) {
    return valueOf(settings.getString(Settings.PREDICTIONS_FORMAT).toUpperCase(Locale.ROOT));
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
