package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.cli.ModelOptions;
import dev.vmoe.cli.PositiveNumbers;
import dev.vmoe.cli.RoutingOptions;
import dev.vmoe.client.Replay;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.demo.LocalPipeline;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.lab.bench.BareLoop;
import dev.vmoe.lab.bench.CpuShares;
import dev.vmoe.lab.bench.RandomModels;
import dev.vmoe.lab.sweep.SyntheticImages;
import dev.vmoe.modelstore.BundledModels;
import dev.vmoe.modelstore.ModelOpener;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.output.Json;
import dev.vmoe.output.Progress;
import dev.vmoe.output.Table;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vmoe bench pipeline}: the pipeline against the bare model, in turn and in one process. */
@Command(
    name = "pipeline",
    description = {
      "Throughput of the whole pipeline beside the bare loop of decoding and running the model, at"
          + " the same batch size and setting, in turn and in one process.",
      "Broker, producer and client run on the same processors as the pipeline; the shares say how"
          + " much of them each takes."
    })
final class BenchPipelineCommand implements Callable<Integer> {

  private static final long SEED = 20_220_622;
  private static final int SYNTHETIC_IMAGES = 256;

  @Spec private CommandSpec spec;
  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();

  @Option(
      names = "--variant",
      paramLabel = "NAME",
      defaultValue = "demo",
      description =
          "demo (the bundled model and images), or an architecture with random weights and synthetic"
              + " 500x375 JPEGs: S/32, B/16 (default: ${DEFAULT-VALUE}).")
  private String variant = "demo";

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "Images a round (default: 8000; 3840 with random weights).")
  private @Nullable Integer images;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "Rounds of both; the medians count (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Images a batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there as JSON.")
  private @Nullable Path json;

  private BenchPipelineCommand() {}

  private record Round(
      double pipeline, double bare, double meanBatch, Map<CpuShares.Role, Double> shares) {
    double efficiency() {
      return pipeline / bare;
    }
  }

  @Override
  public Integer call() throws Exception {
    PositiveNumbers.check(spec, "--images", images, "--rounds", rounds, "--batch", batch);
    boolean demo = variant.equals("demo");
    int count = images != null ? images : demo ? 8_000 : 3_840;
    Path graph = demo ? model.path() : RandomModels.graph(variant, SEED);
    Progress progress = new Progress(spec.commandLine().getErr());
    List<Round> measured = new ArrayList<>();
    try (BatchClassifier classifier = model.open(graph)) {
      RoutingSettings settings = routing.settings(classifier.card());
      List<LabelledImage> set =
          demo ? BundledModels.testImages(classifier.card().classes()) : synthetic();
      ImageDecoder decoder = ModelOpener.decoder(classifier.card());
      int cores = Runtime.getRuntime().availableProcessors();
      try (BareLoop bare = new BareLoop(classifier, decoder, settings, batch, cores);
          LocalPipeline pipeline =
              new LocalPipeline(settings, batch, classifier, decoder, progress::say)) {
        List<byte[]> encoded = set.stream().map(LabelledImage::encoded).toList();
        progress.say("warming up");
        bare.imagesPerSecond(encoded, count);
        pipeline.replay(set, count, 0, answered -> {});
        try (Progress.Bar bar = progress.bar("rounds", rounds)) {
          for (int round = 1; round <= rounds; round++) {
            double bareRate = bare.imagesPerSecond(encoded, count);
            CpuShares cpu = new CpuShares();
            Map<CpuShares.Role, Double> shares = new EnumMap<>(CpuShares.Role.class);
            Replay.Outcome outcome =
                pipeline.replay(
                    set,
                    count,
                    0,
                    answered -> {
                      if (answered == count) { // while the client's threads still live
                        shares.putAll(cpu.shares());
                      }
                    });
            measured.add(
                new Round(
                    count / outcome.seconds(),
                    bareRate,
                    outcome.summary().batchSize().mean(),
                    shares));
            bar.at(round);
          }
        }
      }
      ObjectNode result = result(count, settings, measured);
      print(result, measured);
      if (json != null) {
        Json.write(json, result);
      }
    }
    return 0;
  }

  private static List<LabelledImage> synthetic() {
    List<LabelledImage> all = new ArrayList<>();
    for (byte[] jpeg : SyntheticImages.jpegs(SYNTHETIC_IMAGES, 500, 375, SEED)) {
      all.add(new LabelledImage("synthetic-" + all.size(), jpeg, ""));
    }
    return all;
  }

  private ObjectNode result(int count, RoutingSettings settings, List<Round> measured) {
    ObjectNode result = Json.object();
    result.put("variant", variant);
    result.put("batch", batch);
    result.put("capacity_ratio", settings.capacityRatio());
    result.put("experts_per_token", settings.expertsPerToken());
    result.put("routing", settings.routing().label());
    result.put("images_per_round", count);
    result.put("pipeline_images_per_second", median(measured, Round::pipeline));
    result.put("bare_images_per_second", median(measured, Round::bare));
    result.put("efficiency", median(measured, Round::efficiency));
    ObjectNode shares = result.putObject("processor_shares");
    for (CpuShares.Role role : CpuShares.Role.values()) {
      shares.put(
          role.name().toLowerCase(Locale.ROOT),
          median(measured, round -> round.shares().getOrDefault(role, 0.0)));
    }
    ArrayNode all = result.putArray("rounds");
    for (Round round : measured) {
      all.addObject()
          .put("pipeline_images_per_second", round.pipeline())
          .put("bare_images_per_second", round.bare())
          .put("efficiency", round.efficiency())
          .put("mean_batch", round.meanBatch());
    }
    return result;
  }

  private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
    double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private void print(ObjectNode result, List<Round> measured) {
    Table table =
        new Table("round", "pipeline images/s", "bare images/s", "efficiency", "mean batch");
    for (int i = 0; i < measured.size(); i++) {
      Round round = measured.get(i);
      table.add(
          i + 1,
          Table.decimals(round.pipeline(), 1),
          Table.decimals(round.bare(), 1),
          Table.decimals(round.efficiency(), 3),
          Table.decimals(round.meanBatch(), 1));
    }
    table.add(
        "median",
        Table.decimals(result.get("pipeline_images_per_second").doubleValue(), 1),
        Table.decimals(result.get("bare_images_per_second").doubleValue(), 1),
        Table.decimals(result.get("efficiency").doubleValue(), 3),
        "");
    PrintWriter out = spec.commandLine().getOut();
    out.print(table.toText());
    out.println();
    out.println("processors while the pipeline ran:");
    Table shares = new Table("used by", "share");
    result
        .get("processor_shares")
        .properties()
        .forEach(
            entry ->
                shares.add(
                    entry.getKey(), Table.decimals(100 * entry.getValue().doubleValue(), 1) + "%"));
    out.print(shares.toText());
    out.flush();
  }
}
