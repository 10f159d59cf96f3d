package dev.vmoe.streams.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The dashboards that Grafana is provisioned with. */
public final class Dashboards {

  /** What Grafana is provisioned with. */
  public static final Path FOLDER =
      Path.of(System.getProperty("vmoe.home", ".")).resolve("ops/grafana").toAbsolutePath();

  private Dashboards() {}

  /**
   * A dashboard.
   *
   * @param file its file's name
   * @param json its content
   */
  public record Dashboard(String file, JsonNode json) {

    /** Returns all panels, those in rows included. */
    public List<Panel> panels() {
      List<Panel> panels = new ArrayList<>();
      for (JsonNode panel : json.path("panels")) {
        panels.add(new Panel(file, panel));
        panel.path("panels").forEach(inner -> panels.add(new Panel(file, inner)));
      }
      return panels;
    }

    /** Returns the variables. */
    public List<JsonNode> variables() {
      List<JsonNode> variables = new ArrayList<>();
      json.at("/templating/list").forEach(variables::add);
      return variables;
    }

    @Override
    public String toString() {
      return file;
    }
  }

  /**
   * A panel, or the row above panels.
   *
   * @param file its dashboard's file
   * @param json its content
   */
  public record Panel(String file, JsonNode json) {

    /** Returns whether it is only a title. */
    public boolean row() {
      return json.path("type").asText().equals("row");
    }

    /** Returns the queries as they are written. */
    public List<String> queries() {
      List<String> queries = new ArrayList<>();
      json.path("targets").forEach(target -> queries.add(target.path("expr").asText()));
      return queries;
    }

    /** Returns whether the panel lies over some of another. */
    public boolean overlaps(Panel other) {
      return at("x") < other.at("x") + other.at("w")
          && other.at("x") < at("x") + at("w")
          && at("y") < other.at("y") + other.at("h")
          && other.at("y") < at("y") + at("h");
    }

    /** Returns a coordinate or an extent of its place in the grid, which is 24 wide. */
    public int at(String name) {
      return json.path("gridPos").path(name).asInt(-1);
    }

    @Override
    public String toString() {
      return file + ": " + json.path("title").asText();
    }
  }

  /** Reads all dashboards. */
  public static List<Dashboard> all() throws IOException {
    List<Dashboard> dashboards = new ArrayList<>();
    try (Stream<Path> files = Files.list(FOLDER.resolve("dashboards"))) {
      for (Path file : files.sorted().toList()) {
        dashboards.add(
            new Dashboard(
                file.getFileName().toString(), new ObjectMapper().readTree(file.toFile())));
      }
    }
    return dashboards;
  }

  /** Puts values in the place of Grafana's variables, the names of which begin with a dollar. */
  public static String substitute(String query, Map<String, String> variables) {
    String substituted = query;
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      substituted = substituted.replace("$" + variable.getKey(), variable.getValue());
    }
    return substituted;
  }
}
