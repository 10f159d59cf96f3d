package dev.vmoe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.report.LabelledImage;
import dev.vmoe.report.Replay;
import dev.vmoe.report.ResidentMemory;
import dev.vmoe.report.StreamSummary;
import dev.vmoe.report.Table;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vmoe demo}: the whole pipeline in one process, on the bundled images. */
@Command(
    name = "demo",
    description = {
      "Runs the main job on real input: starts a Kafka broker and a schema registry, the pipeline"
          + " with the bundled V-MoE, sends the bundled Fashion-MNIST test images through Kafka and"
          + " sums up the predictions that come back.",
      "Needs no Docker, no GPU and no server."
    })
final class DemoCommand implements Callable<Integer> {

  /** Where memory is first looked at: everything is warm by then. */
  private static final long WARM_IMAGES = 10_000;

  @Spec private CommandSpec spec;
  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "Images to send; more than there are, and they are sent again (default: all).")
  private @Nullable Long images;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "0",
      description = "Images a second (default: as fast as they are answered).")
  private double rate;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Most images of a micro-batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the summary there as JSON, too.")
  private @Nullable Path json;

  private DemoCommand() {}

  @Override
  public Integer call() throws Exception {
    PositiveNumbers.check(spec, "--images", images, "--batch", batch);
    PrintWriter out = spec.commandLine().getOut();
    Progress progress = new Progress(spec.commandLine().getErr());
    try (BatchClassifier classifier = model.open()) {
      List<LabelledImage> set = BundledModels.testImages(classifier.card().classes());
      long count = images == null ? set.size() : images;
      RoutingSettings settings = routing.settings(classifier.card());
      Replay.Outcome outcome;
      OptionalDouble warmMemory;
      OptionalDouble endMemory;
      try (LocalPipeline pipeline =
          new LocalPipeline(
              settings,
              batch,
              classifier,
              ModelOptions.decoder(classifier.card()),
              progress::say)) {
        MemoryWatch memory = new MemoryWatch(WARM_IMAGES);
        try (Progress.Bar bar = progress.bar("answered", count)) {
          outcome =
              pipeline.replay(
                  set,
                  count,
                  rate,
                  answered -> {
                    bar.at(answered);
                    memory.at(answered);
                  });
        }
        warmMemory = memory.warm();
        endMemory = ResidentMemory.mebibytes();
        progress.say("stopping");
      }
      ObjectNode summary = summary(count, classifier, settings, outcome, warmMemory, endMemory);
      print(out, settings, outcome, summary);
      if (json != null) {
        Json.write(json, summary);
      }
      if (!outcome.summary().complete(count)) {
        throw new IllegalStateException(
            "not every image has exactly one answer, or utilization does not add up: see above");
      }
      return outcome.summary().deadLetters() == 0 ? 0 : VmoeCommand.FAILED;
    }
  }

  /** Looks at the memory once, when so many images are answered. */
  private static final class MemoryWatch {
    private final long after;
    private OptionalDouble warm = OptionalDouble.empty();

    MemoryWatch(long after) {
      this.after = after;
    }

    void at(long answered) {
      if (answered >= after && warm.isEmpty()) {
        warm = ResidentMemory.mebibytes();
      }
    }

    OptionalDouble warm() {
      return warm;
    }
  }

  private static ObjectNode summary(
      long count,
      BatchClassifier classifier,
      RoutingSettings settings,
      Replay.Outcome outcome,
      OptionalDouble warmMemory,
      OptionalDouble endMemory) {
    ObjectNode summary = Json.object();
    summary.put("images", count);
    summary.setAll((ObjectNode) Json.tree(outcome.summary()));
    summary.put("images_per_second", count / outcome.seconds());
    summary.put("seconds", outcome.seconds());
    summary.put("capacity_ratio", settings.capacityRatio());
    summary.put("experts_per_token", settings.expertsPerToken());
    summary.put("routing", settings.routing().label());
    summary.put("model", classifier.card().name());
    summary.put("weights_hash", classifier.card().weightsHash());
    ObjectNode memory = summary.putObject("resident_mib");
    warmMemory.ifPresent(mebibytes -> memory.put("after_10000", mebibytes));
    endMemory.ifPresent(mebibytes -> memory.put("end", mebibytes));
    return summary;
  }

  private static void print(
      PrintWriter out, RoutingSettings settings, Replay.Outcome outcome, ObjectNode summary) {
    StreamSummary.Result result = outcome.summary();
    StreamSummary.Latency latency = result.latencyMs();
    out.printf(
        Locale.ROOT,
        "%n%d images: %d predictions, %d dead letters, %d answered twice%n",
        summary.get("images").longValue(),
        result.predictions(),
        result.deadLetters(),
        result.duplicates());
    Table table = new Table("", "");
    table.add("accuracy", Table.decimals(100 * result.accuracy(), 2) + "%");
    table.add(
        "throughput",
        Table.decimals(summary.get("images_per_second").doubleValue(), 0) + " images/s");
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
        String.format(
            Locale.ROOT,
            "%s requested, %.3f in effect; K %d, %s",
            settings.capacityRatio(),
            result.effectiveCapacityRatio(),
            settings.expertsPerToken(),
            settings.routing()));
    out.println(table.toText().strip().indent(2).stripTrailing());
    out.printf(
        "%nexperts: used part of their slots, and choices dropped, by MoE block"
            + " (%d utilization events)%n",
        result.utilizationEvents());
    out.print(StreamSummary.expertTable(result).indent(2));
    out.flush();
  }
}
