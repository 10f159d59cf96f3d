package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.cli.ModelOptions;
import dev.vmoe.cli.OptionCheck;
import dev.vmoe.cli.RoutingOptions;
import dev.vmoe.client.Replay;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.demo.LocalPipeline;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.lab.bench.BareLoop;
import dev.vmoe.lab.bench.CpuShares;
import dev.vmoe.lab.bench.RandomModels;
import dev.vmoe.lab.bench.Rounds;
import dev.vmoe.lab.bench.SyntheticImages;
import dev.vmoe.lab.sweep.Statistics;
import dev.vmoe.modelstore.BundledModels;
import dev.vmoe.modelstore.ModelOpener;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.output.Json;
import dev.vmoe.output.Progress;
import dev.vmoe.output.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe bench pipeline}: the pipeline against the bare model, in turn and in one process. */
@Command(
    name = "pipeline",
    description = {
      "Throughput of the whole pipeline beside the bare loop of decoding and running the model, at"
          + " the same batch size and setting, in turn and in one process.",
      "Broker, producer and client run on the same processors as the pipeline; the shares say how"
          + " much of them each takes."
    })
final class BenchPipelineCommand extends Benchmark {

  private static final long SEED = 20_220_622;
  private static final int SYNTHETIC_IMAGES = 256;
  private static final String PIPELINE = "pipeline_images_per_second";
  private static final String BARE = "bare_images_per_second";
  private static final String EFFICIENCY = "efficiency";
  private static final String MEAN_BATCH = "mean_batch";

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();
  @Mixin private final BatchSizeOption batchSize = new BatchSizeOption();

  @Option(
      names = "--variant",
      paramLabel = "NAME",
      defaultValue = "demo",
      description =
          "demo (the bundled model and images), or an architecture with random weights and"
              + " synthetic 500x375 JPEGs: S/32, B/16 (default: ${DEFAULT-VALUE}).")
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
      names = "--runs",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Batches that the pipeline runs at once, as inference.runs; --threads is for each"
              + " (default: measured at the start).")
  private int runs;

  private BenchPipelineCommand() {}

  @Override
  void check() {
    OptionCheck.positive(
        spec, "--images", images, "--rounds", rounds, "--batch", batchSize.images());
  }

  @Override
  BenchmarkResult measure() throws Exception {
    int batch = batchSize.images();
    boolean demo = variant.equals("demo");
    int count = images != null ? images : demo ? 8_000 : 3_840;
    Path graph = demo ? model.path() : RandomModels.graph(variant, SEED);
    try (BatchClassifier classifier = model.openToServe(graph, batch, runs)) {
      RoutingSettings settings = routing.settings(classifier.card());
      List<LabelledImage> set =
          demo ? BundledModels.testImages(classifier.card().classes()) : synthetic();
      ImageDecoder decoder = ModelOpener.decoder(classifier.card());
      int cores = Runtime.getRuntime().availableProcessors();
      Progress progress = progress();
      Rounds measured = new Rounds();
      try (BareLoop bare = new BareLoop(classifier, decoder, settings, batch, cores);
          LocalPipeline pipeline =
              new LocalPipeline(settings, batch, classifier, decoder, progress::say)) {
        List<byte[]> encoded = set.stream().map(LabelledImage::encoded).toList();
        measured.add(BARE, () -> bare.imagesPerSecond(encoded, count));
        measured.add(PIPELINE, () -> imagesPerSecond(pipeline, set, count, measured));
        progress.say("warming up");
        try (Progress.Bar bar = progress.bar("rounds", rounds)) {
          measured.run(rounds, bar::at);
        }
      }
      return result(figures(count, settings, measured));
    }
  }

  /** Measures the pipeline; notes the batch size and the use of the processors. */
  private static double imagesPerSecond(
      LocalPipeline pipeline, List<LabelledImage> set, int count, Rounds measured)
      throws InterruptedException {
    CpuShares cpu = new CpuShares();
    Map<CpuShares.Role, Double> shares = new EnumMap<>(CpuShares.Role.class);
    Replay.ReplayOutcome outcome =
        pipeline.replay(
            set,
            count,
            0,
            answered -> {
              if (answered == count) { // while the client's threads still live
                shares.putAll(cpu.shares());
              }
            });
    measured.note(MEAN_BATCH, outcome.summary().batchSize().mean());
    for (CpuShares.Role role : CpuShares.Role.values()) {
      measured.note(role.name(), shares.getOrDefault(role, 0.0));
    }
    return count / outcome.seconds();
  }

  private static List<LabelledImage> synthetic() {
    List<LabelledImage> all = new ArrayList<>();
    for (byte[] jpeg : SyntheticImages.jpegs(SYNTHETIC_IMAGES, 500, 375, SEED)) {
      all.add(new LabelledImage("synthetic-" + all.size(), jpeg, ""));
    }
    return all;
  }

  private ObjectNode figures(int count, RoutingSettings settings, Rounds measured) {
    double[] pipeline = measured.figures(PIPELINE);
    double[] bare = measured.figures(BARE);
    double[] efficiency = new double[rounds];
    Arrays.setAll(efficiency, round -> pipeline[round] / bare[round]);
    ObjectNode result = Json.object();
    result.put("variant", variant);
    result.put("batch", batchSize.images());
    result.put("runs", runs);
    result.put("capacity_ratio", settings.capacityRatio());
    result.put("experts_per_token", settings.expertsPerToken());
    result.put("routing", settings.routing().label());
    result.put("images_per_round", count);
    result.put(PIPELINE, measured.median(PIPELINE));
    result.put(BARE, measured.median(BARE));
    result.put(EFFICIENCY, Statistics.median(efficiency));
    ObjectNode shares = result.putObject("processor_shares");
    for (CpuShares.Role role : CpuShares.Role.values()) {
      shares.put(role.name().toLowerCase(Locale.ROOT), measured.median(role.name()));
    }
    ArrayNode all = result.putArray("rounds");
    for (int round = 0; round < rounds; round++) {
      all.addObject()
          .put(PIPELINE, pipeline[round])
          .put(BARE, bare[round])
          .put(EFFICIENCY, efficiency[round])
          .put(MEAN_BATCH, measured.figures(MEAN_BATCH)[round]);
    }
    return result;
  }

  private static BenchmarkResult result(ObjectNode result) {
    Table table =
        new Table("round", "pipeline images/s", "bare images/s", "efficiency", "mean batch");
    int number = 0;
    for (JsonNode round : result.get("rounds")) {
      addRow(table, Integer.toString(++number), round);
    }
    addRow(table, "median", result);
    Table shares = new Table("used by", "share");
    result
        .get("processor_shares")
        .properties()
        .forEach(entry -> shares.add(entry.getKey(), decimals(entry.getValue(), 100, 1) + "%"));
    String text =
        String.format(
            "%s%nprocessors while the pipeline ran:%n%s", table.toText(), shares.toText());
    return new BenchmarkResult(text, table, result);
  }

  private static void addRow(Table table, String name, JsonNode figures) {
    table.add(
        name,
        decimals(figures.path(PIPELINE), 1, 1),
        decimals(figures.path(BARE), 1, 1),
        decimals(figures.path(EFFICIENCY), 1, 3),
        figures.has(MEAN_BATCH) ? decimals(figures.path(MEAN_BATCH), 1, 1) : "");
  }

  private static String decimals(JsonNode figure, double factor, int digits) {
    return Table.decimals(factor * figure.doubleValue(), digits);
  }
}
