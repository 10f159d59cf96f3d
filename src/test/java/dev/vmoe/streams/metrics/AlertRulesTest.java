package dev.vmoe.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AlertRulesTest {

  private static final Path HOME = Path.of(System.getProperty("vmoe.home", "."));
  private static final String TESTS = "vmoe-alerts-test.yml";

  static List<AlertRules.Rule> rules() throws IOException {
    return AlertRules.all();
  }

  @ParameterizedTest
  @MethodSource("rules")
  void shouldSayHowBadItIsWhatItIsAndWhatToDo(AlertRules.Rule rule) throws IOException {
    assertThat(rule.name()).matches("Vmoe[A-Z]\\w+");
    assertThat(rule.json().at("/labels/severity").asText()).isIn("critical", "warning");
    assertThat(rule.json().path("for").asText()).isNotBlank();
    String summary = rule.json().at("/annotations/summary").asText();
    assertThat(summary).isNotBlank();
    if (!rule.expression().startsWith("absent(")) { // what there is none of has no name
      assertThat(summary).contains("{{ $labels.instance }}");
    }
    String[] runbook = rule.json().at("/annotations/runbook").asText().split("#", -1);
    assertThat(runbook).hasSize(2);
    assertThat(runbook[1]).isEqualTo(rule.name().toLowerCase(Locale.ROOT));
    assertThat(HOME.resolve(runbook[0])).exists();
    String paragraph =
        Files.readString(HOME.resolve(runbook[0]))
            .split("\n## " + rule.name() + "\n", -1)[1]
            .split("\n## ", -1)[0];
    assertThat(paragraph).contains("**Meaning.**", "**Look.**", "**Do.**");
  }

  /** What is in italics there is the title of a panel. */
  @Test
  void shouldNamePanelsThatThereAreInTheRunbook() throws IOException {
    Set<String> titles = new TreeSet<>();
    for (Dashboards.Dashboard dashboard : Dashboards.all()) {
      dashboard.panels().forEach(panel -> titles.add(panel.json().path("title").asText()));
    }
    String runbook = Files.readString(HOME.resolve("ops/runbooks/alerts.md")).replace('\n', ' ');

    List<String> named =
        Pattern.compile("(?<![*\\w])\\*([^*]+)\\*(?!\\*)")
            .matcher(runbook.replace("**", "\t"))
            .results()
            .map(name -> name.group(1))
            .toList();
    assertThat(named).hasSizeGreaterThan(20);
    assertThat(titles).containsAll(named);
  }

  @Test
  void shouldHaveATestThatFiresAndOneThatIsSilentForEach() throws IOException {
    Set<String> fire = new TreeSet<>();
    Set<String> silent = new TreeSet<>();
    JsonNode tests = new YAMLMapper().readTree(Prometheus.FOLDER.resolve(TESTS).toFile());
    for (JsonNode test : tests.path("tests")) {
      for (JsonNode expected : test.path("alert_rule_test")) {
        (expected.path("exp_alerts").isEmpty() ? silent : fire)
            .add(expected.path("alertname").asText());
      }
    }
    assertThat(rules())
        .extracting(AlertRules.Rule::name)
        .containsExactlyInAnyOrderElementsOf(fire)
        .containsExactlyInAnyOrderElementsOf(silent);
  }

  @Test
  void shouldFireAndStaySilentAsTheTestsOfTheRulesSay() throws Exception {
    assertThat(Prometheus.promtool("test", "rules", TESTS)).contains("SUCCESS");
  }

  @Test
  void shouldBeAConfigurationThatPrometheusTakes() throws Exception {
    assertThat(Prometheus.promtool("check", "config", "prometheus.yml"))
        .contains("1 rule files found", "prometheus.yml is valid");
    assertThat(Prometheus.promtool("check", "rules", "vmoe-alerts.yml"))
        .contains("SUCCESS: " + rules().size() + " rules found");
  }
}
