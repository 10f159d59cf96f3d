package dev.vmoe.streams.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The alerts that Prometheus is configured with. */
public final class AlertRules {

  private AlertRules() {}

  /**
   * An alert.
   *
   * @param name its name
   * @param json its content
   */
  public record Rule(String name, JsonNode json) {

    /** Returns what has to have a result for the alert to fire. */
    public String expression() {
      return json.path("expr").asText();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Reads all alerts. */
  public static List<Rule> all() throws IOException {
    JsonNode file =
        new YAMLMapper().readTree(Prometheus.FOLDER.resolve("vmoe-alerts.yml").toFile());
    List<Rule> rules = new ArrayList<>();
    for (JsonNode group : file.path("groups")) {
      group.path("rules").forEach(rule -> rules.add(new Rule(rule.path("alert").asText(), rule)));
    }
    return rules;
  }
}
