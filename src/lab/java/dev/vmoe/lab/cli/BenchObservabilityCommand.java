package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.demo.LocalBroker;
import dev.vmoe.app.demo.LocalPipeline;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.importer.modelstore.BundledModels;
import dev.vmoe.lab.bench.BenchModel;
import dev.vmoe.lab.bench.FullLoad;
import dev.vmoe.lab.bench.Observation;
import dev.vmoe.lab.bench.ObservedPipeline;
import dev.vmoe.lab.bench.PairedRates;
import dev.vmoe.lab.bench.Rounds;
import dev.vmoe.lab.chart.Columns;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab bench observability}: what observing costs. */
@Command(
    name = "observability",
    description = {
      "What metrics, the live page and traces cost: throughput of a pipeline"
          + " that is watched beside one that is not, in turn, in one process and on one broker."
          + " The result is the mean ratio of the pairs with its 95 %% interval; --csv writes both"
          + " rates of every pair.",
      "control compares two equal pipelines and so shows the machine's noise."
    })
final class BenchObservabilityCommand extends Benchmark {

  private static final String WITH = "with";
  private static final String WITHOUT = "without";

  @Mixin private final PipelineOptions options = new PipelineOptions();
  @Mixin private final RoundsOption rounds = new RoundsOption(30);

  @Option(
      names = "--what",
      split = ",",
      paramLabel = "WHAT",
      defaultValue = "control,metrics,page,tracing",
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

  private BenchObservabilityCommand() {}

  /**
   * What was measured for one observation, in images a second.
   *
   * @param rates of the pipeline that is watched and of the other, by round
   * @param scrapes of the metrics or of the live page's data, while they were read
   * @param spans that the collector took
   * @param droppedSpans spans that the collector did not take
   */
  private record ObservedRates(
      Observation watched, Rounds rates, long scrapes, long spans, long droppedSpans) {

    PairedRates compared() {
      return PairedRates.of(rates.figures(WITH), rates.figures(WITHOUT), SEED);
    }
  }

  private record PairOfRates(String what, int round, double with, double without) {}

  @Override
  void check() {
    positive("--images", "--rounds", "--batch");
  }

  @Override
  BenchmarkResult measure() throws Exception {
    List<ObservedRates> measured = new ArrayList<>();
    try (BatchClassifier classifier = options.model().open()) {
      BenchModel model = options.of(classifier);
      FullLoad load =
          new FullLoad(BundledModels.labelledImages(), images, LocalPipeline.window(model.batch()));
      progress().say("starting a Kafka broker and a schema registry");
      try (LocalBroker broker = new LocalBroker()) {
        for (Observation watched : observations) {
          measured.add(measure(broker, watched, model, load));
        }
      }
      return new BenchmarkResult(
          summary(measured).toText(), pairs(measured), result(model, measured));
    }
  }

  /** Measures the two in turn; the one that begins changes every round. */
  private ObservedRates measure(
      LocalBroker broker, Observation watched, BenchModel model, FullLoad load) throws Exception {
    String name = watched.label();
    progress().say(name + ": starting two pipelines and warming them up");
    try (ObservedPipeline with = new ObservedPipeline(broker, name, model, watched);
        ObservedPipeline without =
            new ObservedPipeline(broker, name + "-without", model, Observation.CONTROL)) {
      Rounds rates = new Rounds().alternating();
      rates.add(WITH, () -> with.imagesPerSecond(load));
      rates.add(WITHOUT, () -> without.imagesPerSecond(load));
      rounds.run(rates, name + ": measurements", progress());
      return new ObservedRates(
          watched,
          rates,
          with.scrapes(),
          with.counted("vmoe_spans_exported_total"),
          with.counted("vmoe_spans_dropped_total{cause=\"queue\"}")
              + with.counted("vmoe_spans_dropped_total{cause=\"export\"}"));
    }
  }

  private ObjectNode result(BenchModel model, List<ObservedRates> measured) {
    ObjectNode result = Json.object();
    result.put("images", images);
    result.put("rounds", rounds.count());
    PipelineOptions.addTo(result, model);
    result.put("seed", SEED);
    ObjectNode all = result.putObject("observations");
    for (ObservedRates observed : measured) {
      PairedRates compared = observed.compared();
      ObjectNode one = all.putObject(observed.watched().label());
      one.put("with_images_per_second", observed.rates().mean(WITH));
      one.put("without_images_per_second", observed.rates().mean(WITHOUT));
      one.put("ratio", compared.ratio());
      one.put("ratio_low", compared.low());
      one.put("ratio_high", compared.high());
      one.put("cost", compared.cost());
      one.put("cost_bound", compared.costBound());
      one.put("scrapes", observed.scrapes());
      one.put("spans_exported", observed.spans());
      one.put("spans_dropped", observed.droppedSpans());
      ArrayNode pairs = one.putArray("pairs");
      for (PairOfRates pair : pairs(observed)) {
        pairs.addObject().put("with", pair.with()).put("without", pair.without());
      }
    }
    return result;
  }

  private static List<PairOfRates> pairs(ObservedRates observed) {
    double[] with = observed.rates().figures(WITH);
    double[] without = observed.rates().figures(WITHOUT);
    List<PairOfRates> pairs = new ArrayList<>();
    for (int i = 0; i < with.length; i++) {
      pairs.add(new PairOfRates(observed.watched().label(), i + 1, with[i], without[i]));
    }
    return pairs;
  }

  private static Table pairs(List<ObservedRates> measured) {
    return new Columns<PairOfRates>()
        .add("what", PairOfRates::what)
        .add("round", PairOfRates::round)
        .add("with_images_per_second", PairOfRates::with)
        .add("without_images_per_second", PairOfRates::without)
        .table(measured.stream().flatMap(observed -> pairs(observed).stream()).toList());
  }

  private static Table summary(List<ObservedRates> measured) {
    return new Columns<ObservedRates>()
        .add("what", observed -> observed.watched().label())
        .add("with, images/s", 0, observed -> observed.rates().mean(WITH))
        .add("without", 0, observed -> observed.rates().mean(WITHOUT))
        .add("ratio", 4, observed -> observed.compared().ratio())
        .add("95 % interval", BenchObservabilityCommand::interval)
        .addShare("maximum cost", 1, observed -> observed.compared().costBound())
        .table(measured);
  }

  private static String interval(ObservedRates observed) {
    PairedRates compared = observed.compared();
    return Table.decimals(compared.low(), 4) + " to " + Table.decimals(compared.high(), 4);
  }
}
