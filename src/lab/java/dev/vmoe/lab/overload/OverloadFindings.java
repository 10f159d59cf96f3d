package dev.vmoe.lab.overload;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.OutputFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What one run of {@code vmoe lab bench overload} found, as text, files and JSON.
 *
 * @param targetLatencyMs latency within which an answer is in time, in milliseconds
 * @param batch maximum number of images of a micro-batch
 * @param seed seed of the arrivals and of the images' order
 * @param before what the pipeline answered before; the traces are made from it
 * @param after what it answered afterwards
 * @param models names of the models beside each other, by the index of a point; empty for one alone
 * @param frontiers what each bound may choose from, by its name
 * @param traces the arrivals
 * @param report what came of them
 */
public record OverloadFindings(
    int targetLatencyMs,
    int batch,
    long seed,
    Rates before,
    Rates after,
    List<String> models,
    Map<String, AccuracyFrontier> frontiers,
    List<ArrivalTrace> traces,
    OverloadReport report) {

  /** Returns a table for each trace, policies side by side. */
  public String toText() {
    Formatter text = new Formatter(Locale.ROOT);
    text.format(
        "the pipeline answers %.0f images/s at full quality and %.0f at the lowest point"
            + " (afterwards: %.0f and %.0f); target %d ms%n",
        before.full(), before.lowest(), after.full(), after.lowest(), targetLatencyMs);
    for (ArrivalTrace trace : traces) {
      text.format(
          "%n%s: %d images in %.0f s%n%s",
          trace.name(), trace.images(), trace.lastSeconds(), report.table(trace.name()).toText());
      if (trace.name().equals("overload")) {
        report.results(trace.name()).keySet().stream()
            .filter(policy -> !OverloadPolicies.isComputed(policy))
            .forEach(policy -> text.format("%s%n", report.recovery(trace.name(), policy)));
      }
      report
          .results(trace.name())
          .forEach(
              (policy, result) ->
                  text.format("%s%s", slowdown(policy, result), byModel(policy, result)));
    }
    return text.toString();
  }

  /** Says how a policy came through a slow-down; empty if there was none. */
  private static String slowdown(String policy, OverloadReport.PolicyResult result) {
    SlowdownOutcome slowdown = result.slowdown();
    if (slowdown == null) {
      return "";
    }
    Double back = slowdown.secondsToReturn();
    return String.format(
        Locale.ROOT,
        "%s: images were late for %.1f s; %s%n",
        policy,
        slowdown.lateForSeconds(),
        back == null
            ? "it was not back as before"
            : String.format(Locale.ROOT, "back as before %.1f s after the slow-down", back));
  }

  /** Says which models answered; empty if there was only one. */
  private static String byModel(String policy, OverloadReport.PolicyResult result) {
    if (result.byModel().isEmpty()) {
      return "";
    }
    return result.byModel().entrySet().stream()
        .filter(share -> share.getValue() > 0)
        .map(it -> String.format(Locale.ROOT, "%.1f %% by %s", 100 * it.getValue(), it.getKey()))
        .collect(Collectors.joining(", ", policy + ": ", System.lineSeparator()));
  }

  /** Writes summary.csv and, for each trace, its arrivals and its seconds. */
  public void write(Path folder) throws IOException {
    OutputFiles.write(folder.resolve("summary.csv"), report.summary().toCsv());
    for (ArrivalTrace trace : traces) {
      String name = trace.name();
      OutputFiles.write(folder.resolve("arrivals-" + name + ".txt"), trace.toText());
      OutputFiles.write(folder.resolve("timeline-" + name + ".csv"), report.timeline(name).toCsv());
    }
  }

  /** Returns everything but the seconds. */
  public ObjectNode toJson() {
    ObjectNode result = Json.object();
    result.put("target_latency_ms", targetLatencyMs);
    result.put("batch", batch);
    result.put("seed", seed);
    result.set("images_per_second", Json.tree(before));
    result.set("images_per_second_afterwards", Json.tree(after));
    if (!models.isEmpty()) {
      result.set("models", Json.tree(models));
    }
    frontiers.forEach(
        (bound, frontier) -> result.set(bound + "_choices", Json.tree(frontier.hull())));
    ObjectNode all = result.putObject("traces");
    report
        .traces()
        .forEach(
            (trace, policies) -> {
              ObjectNode to = all.putObject(trace).putObject("policies");
              policies.forEach((policy, of) -> to.set(policy, figures(of)));
            });
    return result;
  }

  private static ObjectNode figures(OverloadReport.PolicyResult result) {
    ObjectNode figures = Json.object();
    figures.setAll((ObjectNode) Json.tree(result.metrics()));
    figures.put("sustained_images_per_second", Timeline.sustainedPerSecond(result.timeline()));
    Recovery recovery = result.recovery();
    if (recovery != null) {
      figures.set("backlog", Json.tree(recovery));
    }
    SlowdownOutcome slowdown = result.slowdown();
    if (slowdown != null) {
      figures.set("slowdown", Json.tree(slowdown));
    }
    if (!result.byModel().isEmpty()) {
      figures.set("by_model", Json.tree(result.byModel()));
    }
    return figures;
  }
}
