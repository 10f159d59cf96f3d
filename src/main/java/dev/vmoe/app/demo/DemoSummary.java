package dev.vmoe.app.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.client.Replay;
import dev.vmoe.app.client.StreamSummary;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The results of a demo.
 *
 * @param images images sent
 * @param card the model
 * @param settings operating point and routing of all batches; null if capacity followed the load
 * @param outcome of sending and receiving
 * @param memory resident memory
 */
public record DemoSummary(
    long images,
    ModelCard card,
    @Nullable RoutingSettings settings,
    Replay.ReplayOutcome outcome,
    MemoryReadings memory) {

  /** Resident memory, read when everything is warm and at the end. */
  public static final class MemoryReadings {

    /** Answered images after which everything is warm: half of what the demo sends by default. */
    private static final long WARM_IMAGES = 2_500;

    private OptionalDouble warm = OptionalDouble.empty();
    private OptionalDouble end = OptionalDouble.empty();

    /** Takes a reading once enough images are answered. */
    public void at(long answered) {
      if (answered >= WARM_IMAGES && warm.isEmpty()) {
        warm = mebibytes();
      }
    }

    /** Takes the last reading. */
    public void end() {
      end = mebibytes();
    }

    private static OptionalDouble mebibytes() {
      try {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
            .findFirst();
      } catch (IOException e) {
        return OptionalDouble.empty(); // not on Linux
      }
    }
  }

  /** Returns the summary as JSON. */
  public ObjectNode json() {
    ObjectNode summary = Json.object();
    summary.put("images", images);
    summary.setAll((ObjectNode) Json.tree(outcome.summary()));
    summary.put("images_per_second", images / outcome.seconds());
    summary.put("seconds", outcome.seconds());
    if (settings != null) {
      summary.put("capacity_ratio", settings.capacityRatio());
      summary.put("experts_per_token", settings.expertsPerToken());
      summary.put("routing", settings.routing().label());
    }
    summary.put("model", card.name());
    summary.put("weights_hash", card.weightsHash());
    ObjectNode resident = summary.putObject("resident_mib");
    memory.warm.ifPresent(
        mebibytes -> resident.put("after_" + MemoryReadings.WARM_IMAGES, mebibytes));
    memory.end.ifPresent(mebibytes -> resident.put("end", mebibytes));
    return summary;
  }

  /** Prints the summary for people. */
  public void print(PrintWriter out) {
    StreamSummary.Result result = outcome.summary();
    StreamSummary.Latency latency = result.latencyMs();
    out.printf(
        Locale.ROOT,
        "%n%d images: %d predictions, %d dead letters, %d answered twice%n",
        images,
        result.predictions(),
        result.deadLetters(),
        result.duplicates());
    Table table = new Table("", "");
    table.add("accuracy", Table.decimals(100 * result.accuracy(), 2) + "%");
    table.add("throughput", Table.decimals(images / outcome.seconds(), 0) + " images/s");
    table.add(
        "latency",
        String.format(
            Locale.ROOT,
            "p50 %.0f ms, p90 %.0f ms, p99 %.0f ms",
            latency.p50(),
            latency.p90(),
            latency.p99()));
    table.add(
        "batch size",
        String.format(
            Locale.ROOT, "mean %.1f, max %d", result.batchSize().mean(), result.batchSize().max()));
    table.add("flushed by", result.flushReasons().toString().replaceAll("[{}]", ""));
    table.add(
        "capacity ratio",
        settings == null
            ? String.format(Locale.ROOT, "%.3f in effect, mean", result.effectiveCapacityRatio())
            : String.format(
                Locale.ROOT,
                "%s requested, %.3f in effect; K %d, %s",
                settings.capacityRatio(),
                result.effectiveCapacityRatio(),
                settings.expertsPerToken(),
                settings.routing()));
    out.println(table.toText().strip().indent(2).stripTrailing());
    out.printf(
        "%nexperts: used share of their slots, and dropped choices, by MoE block"
            + " (%d utilization events)%n",
        result.utilizationEvents());
    out.print(StreamSummary.expertTable(result).indent(2));
    out.flush();
  }
}
