package dev.vmoe.streams.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.junit.jupiter.api.Test;

/** Keeps {@code src/docs/settings.md} equal to the definition. */
class SettingsDocsTest {

  private static final Path PAGE =
      Path.of(System.getProperty("vmoe.home", ".")).resolve("src/docs/settings.md");
  private static final String COMMAND =
      "mvn -q test -Dtest=SettingsDocsTest -Dsurefire.failIfNoSpecifiedTests=false"
          + " -Dupdate.docs=true";

  @Test
  void shouldDocumentEverySettingAsItIsDefined() throws IOException {
    if (Boolean.getBoolean("update.docs")) {
      Files.writeString(PAGE, page());
    }

    assertThat(PAGE)
        .as("%s is stale; regenerate it with: %s", PAGE, COMMAND)
        .exists()
        .hasContent(page());
  }

  @Test
  void shouldHaveTwelveSettingsOnTopAndSixtyAtMost() {
    assertThat(Settings.DEFINITION.configKeys().values())
        .hasSizeLessThanOrEqualTo(60)
        .filteredOn(key -> key.importance == Importance.HIGH)
        .hasSize(12);
  }

  private static String page() {
    StringBuilder page =
        new StringBuilder(
            """
            # Settings

            <!-- Generated from dev.vmoe.streams.settings.Settings; do not edit. -->

            Settings come from a settings file (`--settings FILE`, properties in UTF-8; see
            `ops/vmoe.properties`). Environment variables override it, and the command line
            (`--set key=value`) overrides both. The name of a variable is `VMOE_` and the setting's
            in capitals, with `.` as `_`, `_` as `__` and `-` as `___`. Unknown settings are refused.

            """);
    appendTable(page, "The twelve that matter", Importance.HIGH);
    appendTable(page, "Advanced", Importance.LOW);
    return page.append(
            """
            ## Passed through

            | prefix | passed, without the prefix, to |
            |---|---|
            | `streams.` | Kafka Streams, and those consumers, producers and admin clients of all commands that know the setting: set security once, here |
            | `consumer.`, `producer.`, `admin.` | this kind of client only |
            | `registry.` | the schema registry's client |
            | `config.providers` | Kafka's configuration providers: `${file:/run/secrets/kafka:password}` instead of a secret |

            Settings that delivery depends on cannot be changed under any prefix: exactly_once_v2,
            read_committed, acks=all, idempotence, the group, transactional ids, exception handlers.
            Secrets are masked wherever settings are printed.
            """)
        .toString();
  }

  private static void appendTable(StringBuilder page, String title, Importance importance) {
    page.append(
        "## %s%n%n| setting | default | allowed | meaning |%n|---|---|---|---|%n".formatted(title));
    for (ConfigKey key : Settings.DEFINITION.configKeys().values()) {
      if (key.importance == importance) {
        page.append(row(key));
      }
    }
    page.append(System.lineSeparator());
  }

  private static String row(ConfigKey key) {
    return "| `%s`<br>`%s` | %s | %s | %s |%n"
        .formatted(
            key.name,
            SettingsLoader.variableOf(key.name),
            key.defaultValue == null || key.defaultValue.equals(List.of())
                ? ""
                : "`" + key.defaultValue + "`",
            key.validator == null ? "" : key.validator.toString(),
            key.documentation);
  }
}
