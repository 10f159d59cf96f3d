package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.cli.ModelOptions;
import dev.vmoe.cli.PositiveNumbers;
import dev.vmoe.cli.RoutingOptions;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.demo.LocalBroker;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.lab.bench.Observation;
import dev.vmoe.lab.bench.ObservedPipeline;
import dev.vmoe.lab.bench.PairedRates;
import dev.vmoe.modelstore.BundledModels;
import dev.vmoe.modelstore.ModelOpener;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.output.Json;
import dev.vmoe.output.OutputFiles;
import dev.vmoe.output.Progress;
import dev.vmoe.output.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vmoe bench observability}: what it costs to be watched. */
@Command(
    name = "observability",
    description = {
      "What metrics, the live page, the routing profile and traces cost: throughput of a pipeline that is watched beside"
          + " one that is not, in turn, in one process and on one broker, as the mean ratio of the"
          + " pairs with its 95 %%"
          + " interval.",
      "control compares two pipelines that do not differ: what it shows is the machine's noise."
    })
final class BenchObservabilityCommand implements Callable<Integer> {

  private static final long SEED = 20_220_622;

  @Spec private CommandSpec spec;
  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();

  @Option(
      names = "--what",
      split = ",",
      paramLabel = "WHAT",
      defaultValue = "control,metrics,page,profile,tracing",
      description =
          "What to switch on, each by itself: ${COMPLETION-CANDIDATES} (default:"
              + " ${DEFAULT-VALUE}).")
  private List<Observation> observations = List.of();

  @Option(
      names = "--images",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Images of one measurement (default: ${DEFAULT-VALUE}).")
  private int images;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "30",
      description = "Pairs of measurements for each (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Images a batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Write both rates of every pair there.")
  private @Nullable Path csv;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there as JSON.")
  private @Nullable Path json;

  private BenchObservabilityCommand() {}

  /** Two measurements right after each other, in images a second. */
  private record Pair(double with, double without) {}

  /**
   * What was measured for one observation.
   *
   * @param scrapes of the metrics or of the live page's data, while they were read
   * @param spans that the collector took
   * @param droppedSpans that it did not
   */
  private record Measured(List<Pair> pairs, long scrapes, long spans, long droppedSpans) {
    PairedRates compared() {
      return PairedRates.of(rates(Pair::with), rates(Pair::without), SEED);
    }

    private double[] rates(ToDoubleFunction<Pair> rate) {
      return pairs.stream().mapToDouble(rate).toArray();
    }

    double mean(ToDoubleFunction<Pair> rate) {
      return pairs.stream().mapToDouble(rate).average().orElseThrow();
    }
  }

  @Override
  public Integer call() throws Exception {
    PositiveNumbers.check(spec, "--images", images, "--rounds", rounds, "--batch", batch);
    Progress progress = new Progress(spec.commandLine().getErr());
    Map<Observation, Measured> measured = new LinkedHashMap<>();
    try (BatchClassifier classifier = model.open()) {
      List<LabelledImage> set = BundledModels.testImages(classifier.card().classes());
      progress.say("starting a Kafka broker and a schema registry");
      try (LocalBroker broker = new LocalBroker()) {
        for (Observation watched : observations) {
          measured.put(watched, measure(broker, watched, classifier, set, progress));
        }
      }
      ObjectNode result = result(routing.settings(classifier.card()), measured);
      if (json != null) {
        Json.write(json, result);
      }
    }
    if (csv != null) {
      OutputFiles.write(csv, pairs(measured).toCsv());
    }
    spec.commandLine().getOut().print(summary(measured).toText());
    spec.commandLine().getOut().flush();
    return 0;
  }

  /** Measures the two in turn; who begins changes every round. */
  private Measured measure(
      LocalBroker broker,
      Observation watched,
      BatchClassifier classifier,
      List<LabelledImage> set,
      Progress progress)
      throws Exception {
    RoutingSettings settings = routing.settings(classifier.card());
    ImageDecoder decoder = ModelOpener.decoder(classifier.card());
    String name = watched.label();
    progress.say(name + ": starting two pipelines and warming them up");
    try (ObservedPipeline with =
            new ObservedPipeline(broker, name, watched, settings, batch, classifier, decoder);
        ObservedPipeline without =
            new ObservedPipeline(
                broker,
                name + "-without",
                Observation.CONTROL,
                settings,
                batch,
                classifier,
                decoder)) {
      with.imagesPerSecond(set, images);
      without.imagesPerSecond(set, images);
      List<Pair> pairs = new ArrayList<>();
      try (Progress.Bar bar = progress.bar(name + ": rounds", rounds)) {
        for (int round = 1; round <= rounds; round++) {
          double first = (round % 2 == 1 ? with : without).imagesPerSecond(set, images);
          double second = (round % 2 == 1 ? without : with).imagesPerSecond(set, images);
          pairs.add(round % 2 == 1 ? new Pair(first, second) : new Pair(second, first));
          bar.at(round);
        }
      }
      return new Measured(
          pairs,
          with.scrapes(),
          with.counted("vmoe_spans_exported_total"),
          with.counted("vmoe_spans_dropped_total{cause=\"queue\"}")
              + with.counted("vmoe_spans_dropped_total{cause=\"export\"}"));
    }
  }

  private ObjectNode result(RoutingSettings settings, Map<Observation, Measured> measured) {
    ObjectNode result = Json.object();
    result.put("images", images);
    result.put("rounds", rounds);
    result.put("batch", batch);
    result.put("capacity_ratio", settings.capacityRatio());
    result.put("experts_per_token", settings.expertsPerToken());
    result.put("routing", settings.routing().label());
    result.put("seed", SEED);
    ObjectNode all = result.putObject("observations");
    measured.forEach(
        (watched, figures) -> {
          PairedRates compared = figures.compared();
          ObjectNode one = all.putObject(watched.label());
          one.put("with_images_per_second", figures.mean(Pair::with));
          one.put("without_images_per_second", figures.mean(Pair::without));
          one.put("ratio", compared.ratio());
          one.put("ratio_low", compared.low());
          one.put("ratio_high", compared.high());
          one.put("cost", compared.cost());
          one.put("cost_bound", compared.costBound());
          one.put("scrapes", figures.scrapes());
          one.put("spans_exported", figures.spans());
          one.put("spans_dropped", figures.droppedSpans());
          ArrayNode pairs = one.putArray("pairs");
          for (Pair pair : figures.pairs()) {
            pairs.addObject().put("with", pair.with()).put("without", pair.without());
          }
        });
    return result;
  }

  private static Table pairs(Map<Observation, Measured> measured) {
    Table table = new Table("what", "round", "with_images_per_second", "without_images_per_second");
    measured.forEach(
        (watched, figures) -> {
          for (int i = 0; i < figures.pairs().size(); i++) {
            Pair pair = figures.pairs().get(i);
            table.add(watched.label(), i + 1, pair.with(), pair.without());
          }
        });
    return table;
  }

  private static Table summary(Map<Observation, Measured> measured) {
    Table table =
        new Table("what", "with, images/s", "without", "ratio", "95 % interval", "cost at most");
    measured.forEach(
        (watched, figures) -> {
          PairedRates compared = figures.compared();
          table.add(
              watched.label(),
              Table.decimals(figures.mean(Pair::with), 0),
              Table.decimals(figures.mean(Pair::without), 0),
              Table.decimals(compared.ratio(), 4),
              Table.decimals(compared.low(), 4) + " to " + Table.decimals(compared.high(), 4),
              Table.decimals(100 * compared.costBound(), 1) + "%");
        });
    return table;
  }
}
