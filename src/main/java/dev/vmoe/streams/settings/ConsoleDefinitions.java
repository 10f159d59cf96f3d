package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.BOOLEAN;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LIST;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef.Range;
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

  static void addTo(Definitions definitions) {
    definitions
        .setting(
            Settings.CONSOLE_HOST,
            STRING,
            "127.0.0.1",
            ValueCheck.matching("[a-zA-Z0-9.:_-]+", "a host name or address"),
            MEDIUM)
        .means(
            "Address at which the console of `vmoe run` (metrics, health, live page) listens:"
                + " 127.0.0.1 for this machine only, 0.0.0.0 for everybody who can reach it, as"
                + " in a container. console.token restricts who may see it; console.page decides"
                + " whether it shows more than metrics and health.")
        .setting(Settings.CONSOLE_PORT, INT, 8080, Range.between(-1, 65_535), MEDIUM)
        .means("Port of the console. 0 takes any free port and logs it; -1 turns the console off.")
        .setting(
            Settings.CONSOLE_PAGE,
            STRING,
            AUTO,
            ValidString.in(AUTO, "true", "open", "false"),
            MEDIUM)
        .means(
            "Whether the console serves the live page and its data (images, dead letters,"
                + " configuration, topology) besides metrics and health. auto: only"
                + " where console.host is a loopback address. On other addresses, true needs a"
                + " console.token; open shows the page to everybody who can reach it.")
        .setting(
            Settings.CONSOLE_NAMES,
            LIST,
            "",
            new ValueCheck(
                "a list of names, such as vmoe.example or vmoe.example:8443",
                names -> ((List<?>) names).stream().allMatch(ConsoleDefinitions::name)),
            LOW)
        .means(
            "Names under which browsers reach the console, besides addresses, localhost and"
                + " console.host: usually that of a proxy in front of it, such as vmoe.example."
                + " Under other names the live page is not served, because they could belong to"
                + " another site.")
        .setting(Settings.CONSOLE_CONFIG_WRITE, BOOLEAN, false, MEDIUM)
        .means(
            "Whether the live page can change the configuration of all instances, as `vmoe"
                + " config set` does. There are no accounts: everybody who can open the page may.");
  }
}
