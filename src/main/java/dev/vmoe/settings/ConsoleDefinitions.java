package dev.vmoe.settings;

import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;

/** Definitions of the settings of the console. */
final class ConsoleDefinitions {

  private ConsoleDefinitions() {}

  /** Adds the definitions. */
  static void addTo(ConfigDef definition) {
    definition
        .define(
            Settings.CONSOLE_HOST,
            Type.STRING,
            "127.0.0.1",
            Check.matching("[a-zA-Z0-9.:_-]+", "a host name or address"),
            Importance.MEDIUM,
            "Where the console of `vmoe run` (live page, metrics, health) listens: 127.0.0.1 for this"
                + " machine alone, 0.0.0.0 for all who reach it, as in a container. It has no"
                + " accounts, and shows images.")
        .define(
            Settings.CONSOLE_PORT,
            Type.INT,
            8080,
            Range.between(-1, 65_535),
            Importance.MEDIUM,
            "Port of the console; 0 takes any free one and logs it, -1 means no console.")
        .define(
            Settings.CONSOLE_CONFIG_WRITE,
            Type.BOOLEAN,
            false,
            Importance.MEDIUM,
            "Whether who opens the live page may change the configuration of all instances there, as"
                + " with `vmoe config set`. The console has no accounts: everybody who reaches it may.");
  }
}
