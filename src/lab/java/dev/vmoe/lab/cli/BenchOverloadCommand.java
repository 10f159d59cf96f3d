package dev.vmoe.lab.cli;

import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalPipeline;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.overload.AccuracyFrontier;
import dev.vmoe.lab.overload.ArrivalTrace;
import dev.vmoe.lab.overload.ClairvoyantBound;
import dev.vmoe.lab.overload.EvaluatedModels;
import dev.vmoe.lab.overload.LoadTraces;
import dev.vmoe.lab.overload.OverloadBench;
import dev.vmoe.lab.overload.OverloadFindings;
import dev.vmoe.lab.overload.OverloadPolicies;
import dev.vmoe.lab.overload.OverloadReport;
import dev.vmoe.lab.overload.Policy;
import dev.vmoe.lab.overload.Rates;
import dev.vmoe.lab.overload.SteeredPipeline;
import dev.vmoe.streams.instance.LearnedControllers;
import dev.vmoe.streams.instance.LearnedControllers.SurveyedModel;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.models.ServedFiles;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code vmoe lab bench overload}: policies under the same load, beside one that knows the future.
 */
@Command(
    name = "overload",
    description = {
      "Compares policies that choose capacity under load: fixed at full quality, fixed at the"
          + " lowest point, proportional and adaptive; with --beside, also fixed at the first dense"
          + " model, switching among the dense ones, and adaptive over all models. All get the same"
          + " arrivals in one run; beside them stands a bound that knows all arrivals beforehand.",
      "The traces are made from the rates of the pipeline on this machine, measured first: elastic"
          + " (each phase can be answered in time at some point), bursty (the same mean), overload"
          + " (past the range) and slowdown (steady, while a process takes half of the machine for"
          + " ten seconds). Images are sent when they are due, even if earlier ones"
          + " are not answered; latency counts from then to the receipt by a read_committed client."
    })
final class BenchOverloadCommand extends Benchmark {

  private static final Duration WARM_UP = Duration.ofSeconds(4);

  /** Images sent and not yet answered that keep the pipeline busy, in batches. */
  private static final int WINDOW_BATCHES = 64;

  @Mixin private final PipelineOptions options = new PipelineOptions();
  @Mixin private final BesideOption beside = new BesideOption();
  @Mixin private final LabelledOptions labelled = new LabelledOptions();
  @Mixin private final WarmUpOption warmUp = new WarmUpOption();

  @Option(
      names = "--lowest",
      paramLabel = "R",
      defaultValue = "0.15",
      description = "Capacity ratio of the lowest useful point (default: ${DEFAULT-VALUE}).")
  private double lowestRatio;

  @Option(
      names = "--lowest-experts",
      paramLabel = "K",
      defaultValue = "1",
      description = "K of the lowest useful point (default: ${DEFAULT-VALUE}).")
  private int lowestExperts;

  @Option(
      names = "--ratios",
      split = ",",
      paramLabel = "R",
      defaultValue = "1.05,0.75,0.5,0.35,0.25,0.15",
      description =
          "Capacity ratios that are evaluated at every K, for the bound to choose from (default:"
              + " ${DEFAULT-VALUE}).")
  private List<Double> ratios = List.of();

  @Option(
      names = "--target-latency",
      paramLabel = "MS",
      defaultValue = "1000",
      description =
          "Latency within which an answer is in time, in milliseconds (default: ${DEFAULT-VALUE}).")
  private int targetLatencyMs;

  @Option(
      names = "--phase-seconds",
      paramLabel = "S",
      defaultValue = "10",
      description = "Length of a phase; a trace has about four (default: ${DEFAULT-VALUE}).")
  private double phaseSeconds;

  @Option(
      names = "--rate-seconds",
      paramLabel = "S",
      defaultValue = "8",
      description = "How long each of the two rates is measured (default: ${DEFAULT-VALUE}).")
  private double rateSeconds;

  @Option(
      names = "--traces",
      split = ",",
      paramLabel = "NAME",
      description = "Which of elastic, bursty, overload, slowdown (default: all).")
  private List<String> traceNames = LoadTraces.NAMES;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description = "Replay these arrivals instead: seconds from the start, one a line, ascending.")
  private @Nullable Path ownTrace;

  @Option(
      names = "--policies",
      split = ",",
      paramLabel = "NAME",
      description =
          "Which of fixed_full, fixed_low, proportional, adaptive, adaptive_expire (every image has"
              + " the target as its deadline); with --beside also fixed_dense, switching (of two"
              + " dense models and more), adaptive_all (default: all). clairvoyant is always"
              + " computed, over the points of all models; with --beside also clairvoyant_alone,"
              + " over those of --model.")
  private @Nullable List<String> policyNames;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Send only the first N images, again and again (default: all).")
  private @Nullable Integer limit;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "20220622",
      description = "Seed of arrivals and of the images' order (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "target/bench-overload",
      description =
          "Folder for summary.csv and, for each trace, arrivals and timeline (default:"
              + " ${DEFAULT-VALUE}); src/lab/plot.py draws them.")
  private Path out = Path.of("");

  private BenchOverloadCommand() {}

  @Override
  void check() {
    warmUp.check(spec);
    positive("--target-latency", "--batch", "--phase-seconds", "--rate-seconds", "--limit");
    requireKnown("--traces", traceNames, LoadTraces.NAMES);
  }

  @Override
  BenchmarkResult measure() throws Exception {
    ArrivalTrace own = ownTrace == null ? null : ArrivalTrace.read("trace", ownTrace);
    ServedFiles files = beside.files(options.model(), spec);
    if (policyNames != null) {
      requireKnown("--policies", policyNames, OverloadPolicies.names(files.cards()));
    }
    ModelCard card = files.cards().get(0);
    if (card.dense()) {
      throw usage(
          card.name() + " has no experts and no capacity to choose; name it in --beside instead");
    }
    try (BesideOption.OpenModels open =
        BesideOption.OpenModels.of(files, options.model(), options.batch())) {
      OverloadFindings findings = measure(files, List.copyOf(open.sessions()), own);
      findings.write(out);
      return new BenchmarkResult(
          String.format("%s%nfiles: %s%n", findings.toText(), out.toAbsolutePath().normalize()),
          findings.report().summary(),
          findings.toJson());
    }
  }

  private OverloadFindings measure(
      ServedFiles files, List<BatchClassifier> classifiers, @Nullable ArrivalTrace own)
      throws IOException, InterruptedException {
    ModelCard card = files.cards().get(0);
    RoutingSettings full = options.routing(card);
    RoutingSettings lowest = lowest(card, full);
    List<List<RoutingSettings>> points = points(files.cards(), lowest, full);
    Progress progress = progress();
    List<LabelledImage> set = labelled.read(limit);
    ImageDecoder decoder = ModelOpener.decoder(card);
    int batch = options.batch();
    EvaluatedModels evaluated;
    int count = points.stream().mapToInt(List::size).sum();
    try (Progress.Bar bar = progress.bar("accuracy of " + count + " points", set.size())) {
      evaluated = EvaluatedModels.of(classifiers, points, decoder, batch, set, bar::at);
    }
    LiveSettings live = live(files.cards(), full, lowest);
    LearnedControllers learned = learned(files, classifiers, evaluated, live, progress);
    List<Policy> all = OverloadPolicies.of(full, lowest, learned, live, files.cards());
    List<Policy> chosen = chosen(all);
    List<String> models =
        classifiers.size() > 1 ? files.cards().stream().map(ModelCard::name).toList() : List.of();
    try (SteeredPipeline pipeline =
        new SteeredPipeline(
            LocalPipeline.properties(full, batch),
            classifiers,
            set,
            all.get(0).controller().get(),
            progress::say)) {
      OverloadBench bench =
          new OverloadBench(
              pipeline,
              all.get(0),
              all.get(1),
              WINDOW_BATCHES * batch,
              Duration.ofMillis(targetLatencyMs),
              seed);
      boolean deadlines = chosen.stream().anyMatch(Policy::deadlines);
      warmUp.run(() -> bench.warmUp(WARM_UP, deadlines), progress);
      progress.say("measuring what the pipeline answers at full quality and at the lowest point");
      Rates before = bench.rates(seconds(rateSeconds));
      before.requireRange();
      List<ArrivalTrace> traces =
          own == null ? LoadTraces.named(traceNames, before, phaseSeconds, seed) : List.of(own);
      OverloadReport report =
          new OverloadReport(evaluated.quality(), before, targetLatencyMs / 1e3, models);
      bench.run(traces, chosen, report, progress::say);
      progress.say("measuring once more what the pipeline answers");
      Rates after = bench.rates(seconds(rateSeconds));
      Map<String, AccuracyFrontier> frontiers = evaluated.frontiers(before);
      for (ArrivalTrace trace : traces) {
        if (trace.slowdown() == null) { // how slow the machine would be is not known
          frontiers.forEach(
              (bound, frontier) ->
                  report.add(
                      trace, bound, ClairvoyantBound.of(trace, frontier, targetLatencyMs / 1e3)));
        }
      }
      return new OverloadFindings(
          targetLatencyMs, batch, seed, before, after, models, frontiers, traces, report);
    }
  }

  /** Surveys the models, each for as long as one alone. */
  private LearnedControllers learned(
      ServedFiles files,
      List<BatchClassifier> classifiers,
      EvaluatedModels evaluated,
      LiveSettings live,
      Progress progress) {
    boolean asMeasured = classifiers.size() == 1 || files.areComparable();
    List<SurveyedModel> models = new ArrayList<>();
    for (int i = 0; i < classifiers.size(); i++) {
      models.add(
          new SurveyedModel(
              classifiers.get(i),
              asMeasured ? files.models().get(i).quality() : evaluated.profiles().get(i)));
    }
    long surveyMs = classifiers.size() * new Settings(Map.of()).costSurvey().toMillis();
    try (Progress.Bar bar = progress.bar("cost of operating points, %", 100)) {
      return LearnedControllers.survey(
          new Settings(
              Map.of(
                  Settings.BATCH_MAX_IMAGES, options.batch(), Settings.COST_SURVEY_MS, surveyMs)),
          live,
          models,
          Pipeline.metrics(new Meters(), files.cards().get(0)).capacity(),
          bar::at);
    }
  }

  /** The settings of an instance that may choose between the two points. */
  private LiveSettings live(List<ModelCard> cards, RoutingSettings full, RoutingSettings lowest) {
    Map<String, String> all = new HashMap<>();
    all.put(Settings.CAPACITY_MODE, "adaptive");
    all.put(Settings.CAPACITY_RATIO_MIN, Double.toString(lowest.capacityRatio()));
    all.put(Settings.CAPACITY_RATIO_MAX, Double.toString(full.capacityRatio()));
    all.put(Settings.EXPERTS_PER_TOKEN_MIN, Integer.toString(lowest.expertsPerToken()));
    all.put(Settings.EXPERTS_PER_TOKEN_MAX, Integer.toString(full.expertsPerToken()));
    all.put(Settings.TARGET_LATENCY_MS, Integer.toString(targetLatencyMs));
    all.put(Settings.ROUTING, full.routing().label());
    all.put(Settings.BATCH_MAX_IMAGES, Integer.toString(options.batch()));
    return LiveSettings.of(new Settings(all)).forModels(cards);
  }

  private List<Policy> chosen(List<Policy> all) {
    if (policyNames == null) {
      return all;
    }
    List<String> names = policyNames;
    return all.stream().filter(policy -> names.contains(policy.name())).toList();
  }

  private void requireKnown(String option, List<String> names, List<String> known) {
    for (String name : names) {
      if (!known.contains(name)) {
        throw usage(option + " " + name + " is none of " + known);
      }
    }
  }

  private RoutingSettings lowest(ModelCard card, RoutingSettings full) {
    return valid(
        () -> {
          card.requireExpertsPerToken(lowestExperts);
          return new RoutingSettings(lowestRatio, lowestExperts, full.routing());
        });
  }

  private List<List<RoutingSettings>> points(
      List<ModelCard> cards, RoutingSettings lowest, RoutingSettings full) {
    return valid(
        () ->
            cards.stream()
                .map(card -> EvaluatedModels.points(card, lowest, full, ratios))
                .toList());
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }
}
