package dev.vmoe.lab.bench;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The time of each node of a graph, as ONNX Runtime's own profile has it.
 *
 * @param nodes in the order in which they ran
 */
public record OperatorProfile(List<Node> nodes) {

  private static final String SUFFIX = "_kernel_time";

  /**
   * One node.
   *
   * @param name its name in the graph after ONNX Runtime's optimisation, scopes first
   * @param operator what it computes
   * @param micros its fastest run, in microseconds: whatever else the machine does only adds
   */
  public record Node(String name, String operator, double micros) {}

  /** Keeps the nodes. */
  public OperatorProfile {
    nodes = List.copyOf(nodes);
  }

  /**
   * Reads a profile.
   *
   * @param skippedRuns how many of the first runs of each node do not count
   * @throws IOException if the file cannot be read, or holds no node that ran often enough
   */
  public static OperatorProfile read(Path file, int skippedRuns) throws IOException {
    Map<String, List<Node>> runs = new LinkedHashMap<>();
    try (MappingIterator<JsonNode> events =
        new ObjectMapper().readerFor(new TypeReference<JsonNode>() {}).readValues(file.toFile())) {
      while (events.hasNext()) {
        JsonNode event = events.next();
        String name = event.path("name").asText();
        if (event.path("cat").asText().equals("Node") && name.endsWith(SUFFIX)) {
          String node = name.substring(0, name.length() - SUFFIX.length());
          runs.computeIfAbsent(node, any -> new ArrayList<>())
              .add(
                  new Node(
                      node,
                      event.path("args").path("op_name").asText(),
                      event.path("dur").asDouble()));
        }
      }
    }
    List<Node> fastest = new ArrayList<>();
    runs.forEach(
        (name, all) -> {
          if (all.size() > skippedRuns) {
            fastest.add(
                new Node(
                    name,
                    all.get(0).operator(),
                    all.stream().skip(skippedRuns).mapToDouble(Node::micros).min().orElseThrow()));
          }
        });
    if (fastest.isEmpty()) {
      throw new IOException(
          file + ": no node ran more than " + skippedRuns + " times in this profile");
    }
    return new OperatorProfile(fastest);
  }

  /** Returns the time of all nodes, in microseconds. */
  public double micros() {
    return nodes.stream().mapToDouble(Node::micros).sum();
  }
}
