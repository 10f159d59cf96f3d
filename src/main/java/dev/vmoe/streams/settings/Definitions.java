package dev.vmoe.streams.settings;

import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.jspecify.annotations.Nullable;

/** Adds settings to Kafka's definition: first what a value may be, then what the setting means. */
record Definitions(ConfigDef definition) {

  /** Takes the meaning of the setting before. */
  interface Meaning {
    Definitions means(String text);
  }

  /** Begins a setting; a default that is null means that there is none. */
  @SuppressWarnings("NullAway") // Kafka's interface is not annotated
  Meaning setting(
      String key,
      Type type,
      @Nullable Object defaultValue,
      @Nullable Validator check,
      Importance importance) {
    return text -> {
      definition.define(key, type, defaultValue, check, importance, text);
      return this;
    };
  }

  /** Begins a setting that takes all values of its type. */
  Meaning setting(String key, Type type, @Nullable Object defaultValue, Importance importance) {
    return setting(key, type, defaultValue, null, importance);
  }
}
