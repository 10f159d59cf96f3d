package dev.vmoe.lab.cli;

import dev.vmoe.capacity.QualityProfile;
import dev.vmoe.cli.ModelOptions;
import dev.vmoe.cli.OptionCheck;
import dev.vmoe.cli.RoutingOptions;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.demo.LocalPipeline;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.instance.LearnedControllers;
import dev.vmoe.instance.Pipeline;
import dev.vmoe.lab.overload.AccuracyFrontier;
import dev.vmoe.lab.overload.ArrivalTrace;
import dev.vmoe.lab.overload.ClairvoyantBound;
import dev.vmoe.lab.overload.LoadTraces;
import dev.vmoe.lab.overload.OpenLoopClient;
import dev.vmoe.lab.overload.OverloadBench;
import dev.vmoe.lab.overload.OverloadFindings;
import dev.vmoe.lab.overload.OverloadPolicies;
import dev.vmoe.lab.overload.OverloadReport;
import dev.vmoe.lab.overload.Policy;
import dev.vmoe.lab.overload.Quality;
import dev.vmoe.lab.overload.Rates;
import dev.vmoe.lab.overload.SwitchedCapacity;
import dev.vmoe.lab.sweep.Evaluation;
import dev.vmoe.lab.sweep.LabelledBatches;
import dev.vmoe.lab.sweep.SweepRow;
import dev.vmoe.metrics.Meters;
import dev.vmoe.modelstore.ModelOpener;
import dev.vmoe.modelstore.ProfileFile;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.output.Progress;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.TopicPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe bench overload}: policies under the same load, beside one that knows the future. */
@Command(
    name = "overload",
    description = {
      "Compares policies that choose capacity under load: fixed at full quality, fixed at the"
          + " lowest point, proportional and adaptive. All get the same arrivals in one run; beside"
          + " them stands a bound that knows all arrivals beforehand.",
      "The traces are made from the rates of the pipeline on this machine, measured first: elastic"
          + " (each phase can be answered in time at some point), bursty (the same mean), overload"
          + " (past the range) and slowdown (steady, while a process takes half of the machine for"
          + " ten seconds). Images are sent when they are due, even if earlier ones"
          + " are not answered; latency counts from then to the receipt by a read_committed client."
    })
final class BenchOverloadCommand extends Benchmark {

  private static final List<String> TRACES = List.of("elastic", "bursty", "overload", "slowdown");

  private static final Duration WARM_UP = Duration.ofSeconds(4);
  private static final Duration STALLED_AFTER = Duration.ofSeconds(30);

  /** Images sent and not yet answered that keep the pipeline busy, in batches. */
  private static final int WINDOW_BATCHES = 64;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions fullQuality = new RoutingOptions();
  @Mixin private final LabelledOptions labelled = new LabelledOptions();
  @Mixin private final BatchSizeOption batchSize = new BatchSizeOption();

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
  private List<String> traceNames = TRACES;

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
          "Which of fixed_full, fixed_low, proportional, adaptive (default: all); clairvoyant is"
              + " always computed.")
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
          "Folder for summary.csv and, for each trace, arrivals, timeline and picture (default:"
              + " ${DEFAULT-VALUE}).")
  private Path out = Path.of("");

  private BenchOverloadCommand() {}

  @Override
  void check() {
    OptionCheck.positive(
        spec,
        "--target-latency",
        targetLatencyMs,
        "--batch",
        batchSize.images(),
        "--phase-seconds",
        phaseSeconds,
        "--rate-seconds",
        rateSeconds,
        "--limit",
        limit);
    requireKnown("--traces", traceNames, TRACES);
  }

  @Override
  BenchmarkResult measure() throws Exception {
    ArrivalTrace own = ownTrace == null ? null : ArrivalTrace.read("trace", ownTrace);
    try (BatchClassifier classifier = model.openToServe(batchSize.images())) {
      RoutingSettings full = fullQuality.settings(classifier.card());
      OverloadFindings findings = measure(classifier, full, own);
      findings.write(out);
      return new BenchmarkResult(
          String.format("%s%nfiles: %s%n", findings.toText(), out.toAbsolutePath().normalize()),
          findings.report().summary(),
          findings.toJson());
    }
  }

  private OverloadFindings measure(
      BatchClassifier classifier, RoutingSettings full, @Nullable ArrivalTrace own)
      throws IOException, InterruptedException {
    ModelCard card = classifier.card();
    RoutingSettings lowest = setting(card, lowestRatio, lowestExperts, full);
    Progress progress = progress();
    List<Policy> all =
        OverloadPolicies.of(full, lowest, learned(classifier, progress), live(card, full, lowest));
    List<Policy> chosen = chosen(all);
    List<LabelledImage> set = labelled.read(card, limit);
    ImageDecoder decoder = ModelOpener.decoder(card);
    SwitchedCapacity capacity = new SwitchedCapacity(all.get(0).controller().get());
    int batch = batchSize.images();
    List<RoutingSettings> points = points(card, lowest, full);
    Evaluation evaluation = new Evaluation(classifier, null, points, batch);
    try (Progress.Bar bar = progress.bar("accuracy of " + points.size() + " points", set.size())) {
      new LabelledBatches(card, decoder, batch)
          .forEach(set.iterator(), set.size(), evaluation::add, bar::at);
    }
    List<SweepRow> rows = evaluation.rows();
    try (LocalPipeline pipeline =
            new LocalPipeline(
                LocalPipeline.properties(full, batch),
                TopicPlan.load(),
                classifier,
                decoder,
                (settings, metrics) -> live -> capacity,
                new Meters(),
                progress::say);
        OpenLoopClient client = new OpenLoopClient(pipeline, set, STALLED_AFTER)) {
      OverloadBench bench =
          new OverloadBench(client, capacity, all.get(0), all.get(1), WINDOW_BATCHES * batch, seed);
      progress.say("warming up");
      bench.warmUp(WARM_UP);
      progress.say("measuring what the pipeline answers at full quality and at the lowest point");
      Rates before = bench.rates(seconds(rateSeconds));
      before.requireRange();
      List<ArrivalTrace> traces = own == null ? traces(before) : List.of(own);
      OverloadReport report =
          new OverloadReport(
              Quality.of(rows, OverloadPolicies.point(full)), before, targetLatencyMs / 1e3);
      Remaining remaining = new Remaining(traces, chosen.size());
      bench.run(traces, chosen, report, what -> progress.say(remaining.next(what)));
      progress.say("measuring once more what the pipeline answers");
      Rates after = bench.rates(seconds(rateSeconds));
      AccuracyFrontier frontier = AccuracyFrontier.of(rows, before);
      for (ArrivalTrace trace : traces) {
        if (trace.slowdown() == null) { // how slow the machine would be is not known
          report.add(
              trace,
              OverloadPolicies.CLAIRVOYANT,
              ClairvoyantBound.of(trace, frontier, targetLatencyMs / 1e3));
        }
      }
      return new OverloadFindings(
          targetLatencyMs, batch, seed, before, after, frontier, traces, report);
    }
  }

  private LearnedControllers learned(BatchClassifier classifier, Progress progress)
      throws IOException {
    QualityProfile quality = ProfileFile.find(model.path(), classifier.card()).orElse(null);
    try (Progress.Bar bar = progress.bar("cost of operating points, %", 100)) {
      return LearnedControllers.survey(
          new Settings(Map.of(Settings.BATCH_MAX_IMAGES, batchSize.images())),
          classifier,
          quality,
          Pipeline.metrics(new Meters(), classifier.card()).capacity(),
          bar::at);
    }
  }

  /** The settings of an instance that may choose between the two points. */
  private LiveSettings live(ModelCard card, RoutingSettings full, RoutingSettings lowest) {
    Map<String, String> all = new HashMap<>();
    all.put(Settings.CAPACITY_MODE, "adaptive");
    all.put(Settings.CAPACITY_RATIO_MIN, Double.toString(lowest.capacityRatio()));
    all.put(Settings.CAPACITY_RATIO_MAX, Double.toString(full.capacityRatio()));
    all.put(Settings.EXPERTS_PER_TOKEN_MIN, Integer.toString(lowest.expertsPerToken()));
    all.put(Settings.EXPERTS_PER_TOKEN_MAX, Integer.toString(full.expertsPerToken()));
    all.put(Settings.TARGET_LATENCY_MS, Integer.toString(targetLatencyMs));
    all.put(Settings.ROUTING, full.routing().label());
    all.put(Settings.BATCH_MAX_IMAGES, Integer.toString(batchSize.images()));
    return LiveSettings.of(new Settings(all)).forModel(card);
  }

  private List<Policy> chosen(List<Policy> all) {
    if (policyNames == null) {
      return all;
    }
    List<String> names = policyNames;
    requireKnown("--policies", names, all.stream().map(Policy::name).toList());
    return all.stream().filter(policy -> names.contains(policy.name())).toList();
  }

  private void requireKnown(String option, List<String> names, List<String> known) {
    for (String name : names) {
      if (!known.contains(name)) {
        throw usage(option + " " + name + " is none of " + known);
      }
    }
  }

  /** The lowest point, full quality, and what lies between at every K. */
  private List<RoutingSettings> points(
      ModelCard card, RoutingSettings lowest, RoutingSettings full) {
    Set<RoutingSettings> points = new LinkedHashSet<>(List.of(lowest, full));
    for (int k = full.expertsPerToken(); k >= lowest.expertsPerToken(); k--) {
      for (double ratio : ratios) {
        points.add(setting(card, ratio, k, full));
      }
    }
    return List.copyOf(points);
  }

  private RoutingSettings setting(ModelCard card, double ratio, int k, RoutingSettings full) {
    return valid(
        () -> {
          card.requireExpertsPerToken(k);
          return new RoutingSettings(ratio, k, full.routing());
        });
  }

  private List<ArrivalTrace> traces(Rates rates) {
    ArrivalTrace elastic = LoadTraces.elastic(rates, phaseSeconds, seed);
    List<ArrivalTrace> all =
        List.of(
            elastic,
            LoadTraces.bursty(elastic.images(), 4 * phaseSeconds, seed),
            LoadTraces.overload(rates, phaseSeconds, seed),
            LoadTraces.slowdown(rates, phaseSeconds, seed));
    return all.stream().filter(trace -> traceNames.contains(trace.name())).toList();
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }

  /** Knows how long the remaining traces take at least. */
  private static final class Remaining {
    private final List<ArrivalTrace> traces;
    private final int policies;
    private int shown;

    Remaining(List<ArrivalTrace> traces, int policies) {
      this.traces = traces;
      this.policies = policies;
    }

    String next(String what) {
      int total = traces.size() * policies;
      double seconds = 0;
      for (int i = shown; i < total; i++) {
        seconds += traces.get(i / policies).lastSeconds();
      }
      shown++;
      long left = Math.round(seconds);
      return String.format(
          Locale.ROOT,
          "%s (%d of %d, at least %d:%02d left)",
          what,
          shown,
          total,
          left / 60,
          left % 60);
    }
  }
}
