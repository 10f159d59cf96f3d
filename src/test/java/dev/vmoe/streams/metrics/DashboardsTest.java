package dev.vmoe.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.vmoe.streams.metrics.Dashboards.Dashboard;
import dev.vmoe.streams.metrics.Dashboards.Panel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What Grafana 11 and later need to import the dashboards as they are meant. */
class DashboardsTest {

  private static final int GRID = 24;

  /** Grafana 11's; later versions migrate it when it is loaded. */
  private static final int SCHEMA = 39;

  private static final Set<String> TYPES =
      Set.of("row", "stat", "timeseries", "heatmap", "table", "state-timeline");

  private static final String DATA_SOURCE = "{\"type\":\"prometheus\",\"uid\":\"${datasource}\"}";

  static List<Dashboard> dashboards() throws IOException {
    return Dashboards.all();
  }

  static List<Panel> panels() throws IOException {
    return Dashboards.all().stream()
        .flatMap(dashboard -> dashboard.panels().stream())
        .filter(panel -> !panel.row())
        .toList();
  }

  @Test
  void shouldCoverPipelineExpertsAndKafkaWithTheJvm() throws IOException {
    assertThat(dashboards())
        .extracting(dashboard -> dashboard.json().path("uid").asText())
        .containsExactlyInAnyOrder("vmoe-pipeline", "vmoe-experts", "vmoe-kafka-jvm");
    assertThat(dashboards())
        .extracting(dashboard -> dashboard.json().path("title").asText())
        .doesNotHaveDuplicates()
        .allMatch(title -> title.startsWith("V-MoE / "));
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void shouldBeWhole(Dashboard dashboard) {
    JsonNode json = dashboard.json();
    assertThat(json.path("schemaVersion").asInt()).isEqualTo(SCHEMA);
    assertThat(json.path("description").asText()).isNotBlank();
    assertThat(json.has("id")).as("an id is the installation's to give").isFalse();
    List<Panel> panels = dashboard.panels();
    assertThat(panels).extracting(panel -> panel.json().path("id").asInt()).doesNotHaveDuplicates();
    assertThat(panels).extracting(panel -> panel.json().path("id").asInt()).allMatch(id -> id > 0);
    assertThat(panels)
        .filteredOn(panel -> !panel.row())
        .extracting(Panel::toString)
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void shouldHaveThePrometheusTheJobAndTheInstancesAsVariables(Dashboard dashboard) {
    assertThat(dashboard.variables())
        .extracting(variable -> variable.path("name").asText())
        .startsWith("datasource", "job", "instance");
    assertThat(dashboard.variables().get(1).at("/current/value/0").asText()).isEqualTo("vmoe");
    JsonNode source = dashboard.variables().get(0);
    assertThat(source.path("type").asText()).isEqualTo("datasource");
    assertThat(source.path("query").asText()).isEqualTo("prometheus");
    for (JsonNode variable : dashboard.variables()) {
      assertThat(variable.path("label").asText()).isNotBlank();
      if (variable.path("type").asText().equals("query")) {
        assertThat(variable.path("datasource")).hasToString(DATA_SOURCE);
        assertThat(variable.path("includeAll").asBoolean()).isTrue();
        assertThat(variable.path("allValue").asText()).isEqualTo(".*");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void shouldLayPanelsIntoTheGridWithoutOverlap(Dashboard dashboard) {
    List<Panel> panels = dashboard.panels();
    for (Panel panel : panels) {
      assertThat(panel.at("x")).as(panel.toString()).isNotNegative();
      assertThat(panel.at("y")).as(panel.toString()).isNotNegative();
      assertThat(panel.at("w")).as(panel.toString()).isPositive();
      assertThat(panel.at("h")).as(panel.toString()).isPositive();
      assertThat(panel.at("x") + panel.at("w")).as(panel.toString()).isLessThanOrEqualTo(GRID);
    }
    List<String> overlaps = new ArrayList<>();
    for (int i = 0; i < panels.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (panels.get(i).overlaps(panels.get(j))) {
          overlaps.add(panels.get(i) + " and " + panels.get(j));
        }
      }
    }
    assertThat(overlaps).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("panels")
  void shouldSayWhatIsShownInWhichUnitAndFromWhere(Panel panel) {
    JsonNode json = panel.json();
    assertThat(json.path("type").asText()).isIn(TYPES);
    assertThat(json.path("title").asText()).isNotBlank();
    assertThat(json.path("description").asText()).matches("[A-Z0-9].*\\.");
    assertThat(json.at("/fieldConfig/defaults/unit").asText()).isNotBlank();
    assertThat(json.path("datasource")).hasToString(DATA_SOURCE);
    assertThat(json.path("targets")).isNotEmpty();
    Set<String> ids = new HashSet<>();
    for (JsonNode target : json.path("targets")) {
      assertThat(target.path("datasource")).hasToString(DATA_SOURCE);
      assertThat(target.path("expr").asText()).isNotBlank();
      assertThat(ids.add(target.path("refId").asText())).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("panels")
  void shouldAskForTheInstancesThatAreChosenOnly(Panel panel) {
    for (String query : panel.queries()) {
      Matcher selectors = Pattern.compile("(?:vmoe|kafka|jvm|process|system)_\\w+").matcher(query);
      while (selectors.find()) {
        assertThat(query.substring(selectors.end()))
            .as("after %s in %s", selectors.group(), query)
            .startsWith("{job=~\"$job\", instance=~\"$instance\"");
      }
    }
  }

  @Test
  void shouldNameOnlyMetricsThatThereAre() throws IOException {
    Set<String> known = new HashSet<>();
    Arrays.stream(Metric.values()).forEach(metric -> known.addAll(samples(metric)));
    Set<String> used = new TreeSet<>();
    panels().forEach(panel -> panel.queries().forEach(query -> used.addAll(names(query))));
    AlertRules.all().forEach(rule -> used.addAll(names(rule.expression())));
    MetricsPage.queries().forEach(query -> used.addAll(names(query)));

    assertThat(known).containsAll(used);
  }

  @Test
  void shouldShowEveryMetric() throws IOException {
    Set<String> shown = new HashSet<>();
    panels().forEach(panel -> panel.queries().forEach(query -> shown.addAll(names(query))));

    assertThat(Metric.values())
        .filteredOn(metric -> samples(metric).stream().noneMatch(shown::contains))
        .isEmpty();
  }

  private static Set<String> names(String query) {
    Set<String> names = new TreeSet<>();
    Pattern.compile("\\bvmoe_\\w+").matcher(query).results().forEach(it -> names.add(it.group()));
    return names;
  }

  private static List<String> samples(Metric metric) {
    return metric.type() == Metric.Type.HISTOGRAM
        ? Stream.of("_bucket", "_sum", "_count").map(metric.id()::concat).toList()
        : List.of(metric.id());
  }

  @Test
  void shouldBeProvisionedFromWhereTheyAre() throws IOException {
    YAMLMapper yaml = new YAMLMapper();
    JsonNode providers =
        yaml.readTree(Dashboards.FOLDER.resolve("provisioning/dashboards/vmoe.yml").toFile());
    assertThat(providers.path("apiVersion").asInt()).isEqualTo(1);
    assertThat(providers.at("/providers/0/type").asText()).isEqualTo("file");
    assertThat(providers.at("/providers/0/options/path").asText()).endsWith("/dashboards");
    JsonNode sources =
        yaml.readTree(
            Dashboards.FOLDER.resolve("provisioning/datasources/prometheus.yml").toFile());
    assertThat(sources.path("apiVersion").asInt()).isEqualTo(1);
    assertThat(sources.at("/datasources/0/type").asText()).isEqualTo("prometheus");
    assertThat(sources.at("/datasources/0/isDefault").asBoolean()).isTrue();
  }

  @Test
  void shouldSubstituteVariables() {
    assertThat(
            Dashboards.substitute(
                "rate(a{instance=~\"$instance\"}[$__rate_interval])",
                Map.of("instance", ".*", "__rate_interval", "10s")))
        .isEqualTo("rate(a{instance=~\".*\"}[10s])");
  }
}
