package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LIST;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;

import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef.Range;

/** Definitions of the settings of images that come by address. */
final class FetchDefinitions {

  /** Nothing in a path that a server could understand in another way. */
  private static final String PATH = "(/(?!\\.{1,2}(/|$))[A-Za-z0-9._~!$&'()*+=:@-]*)";

  private static final Pattern PREFIX =
      Pattern.compile(
          "https?://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+])(:\\d{1,5})?"
              + PATH
              + "*|file://"
              + PATH
              + "+");

  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9.:-]+");

  private FetchDefinitions() {}

  static void addTo(Definitions definitions) {
    definitions
        .setting(
            Settings.FETCH_PREFIXES,
            LIST,
            "",
            each(
                PREFIX,
                "beginnings of addresses, as https://host/folder/ or file:///folder/, separated"
                    + " by commas"),
            MEDIUM)
        .means(
            "Beginnings of the addresses that images may be fetched from, up to the end of a"
                + " segment of the path. Schemes: https, file, and http where it is listed. Empty:"
                + " an image by address goes to the dead-letter topic.")
        .setting(
            Settings.FETCH_PRIVATE_HOSTS,
            LIST,
            "",
            each(HOST, "names or IP addresses of hosts, separated by commas"),
            LOW)
        .means(
            "Hosts of these addresses that may have an IP address which is not public: of a"
                + " private network, this machine, or the link. IPv6 without brackets.")
        .setting(Settings.FETCH_AT_ONCE, INT, 64, Range.between(1, 1_000), LOW)
        .means(
            "Maximum images that an instance fetches at once. Beyond it, only the next image of"
                + " each partition is fetched.")
        .setting(Settings.FETCH_TIMEOUT_MS, LONG, 10_000L, Range.between(100, 600_000), LOW)
        .means(
            "Maximum time to fetch one image, with all attempts and redirects, in milliseconds."
                + " Then it goes to the dead-letter topic. The images behind it in its partition"
                + " wait for it.");
  }

  private static ValueCheck each(Pattern pattern, String expected) {
    return new ValueCheck(
        expected + ", or empty",
        value -> ((List<?>) value).stream().allMatch(it -> pattern.matcher((String) it).matches()));
  }
}
