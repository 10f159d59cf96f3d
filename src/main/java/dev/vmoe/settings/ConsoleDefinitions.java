package dev.vmoe.settings;

import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.ValidString;

/** Definitions of the settings of the console. */
final class ConsoleDefinitions {

  /** Decides by {@link Settings#CONSOLE_HOST}. */
  private static final String AUTO = "auto";

  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9._-]+(:\\d{1,5})?");

  private ConsoleDefinitions() {}

  private static boolean name(Object name) {
    return NAME.matcher((String) name).matches();
  }

  /** Adds the definitions. */
  static void addTo(ConfigDef definition) {
    definition
        .define(
            Settings.CONSOLE_HOST,
            Type.STRING,
            "127.0.0.1",
            ValueCheck.matching("[a-zA-Z0-9.:_-]+", "a host name or address"),
            Importance.MEDIUM,
            "Where the console of `vmoe run` (metrics, health, live page) listens: 127.0.0.1 for this"
                + " machine alone, 0.0.0.0 for all who reach it, as in a container. Who"
                + " may see it is console.token; whether it shows more than metrics and health,"
                + " console.page.")
        .define(
            Settings.CONSOLE_PORT,
            Type.INT,
            8080,
            Range.between(-1, 65_535),
            Importance.MEDIUM,
            "Port of the console; 0 takes any free one and logs it, -1 means no console.")
        .define(
            Settings.CONSOLE_PAGE,
            Type.STRING,
            AUTO,
            ValidString.in(AUTO, "true", "open", "false"),
            Importance.MEDIUM,
            "Whether the console serves the live page and its data (images, dead letters,"
                + " configuration, routing map, topology), rather than metrics and health alone. auto:"
                + " only where console.host is a loopback address. Beyond that, true needs a"
                + " console.token, and open shows it to all who reach it.")
        .define(
            Settings.CONSOLE_NAMES,
            Type.LIST,
            "",
            new ValueCheck(
                "a list of names, such as vmoe.example or vmoe.example:8443",
                names -> ((List<?>) names).stream().allMatch(ConsoleDefinitions::name)),
            Importance.LOW,
            "Names that browsers know the console by, beside addresses, localhost and console.host:"
                + " that of the proxy in front of it, say vmoe.example. The live page is not served"
                + " under others, which could be another site's that leads here.")
        .define(
            Settings.CONSOLE_CONFIG_WRITE,
            Type.BOOLEAN,
            false,
            Importance.MEDIUM,
            "Whether who opens the live page may change the configuration of all instances there, as"
                + " with `vmoe config set`. There are no accounts: everybody who gets to see it may.");
  }
}
