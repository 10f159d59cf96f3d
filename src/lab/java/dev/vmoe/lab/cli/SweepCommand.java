package dev.vmoe.lab.cli;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.lab.sweep.ImageSample;
import dev.vmoe.lab.sweep.Statistics;
import dev.vmoe.lab.sweep.Sweep;
import dev.vmoe.lab.sweep.SweepLog;
import dev.vmoe.lab.sweep.SweepPlan;
import dev.vmoe.lab.sweep.SweepRow;
import dev.vmoe.lab.sweep.SweepSummary;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.models.ProfileFile;
import dev.vmoe.streams.output.OutputFiles;
import dev.vmoe.streams.output.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab sweep}: what expert capacity costs in accuracy and gives in time. */
@Command(
    name = "sweep",
    description = {
      "Accuracy, time and share of processed choices at every capacity ratio, K and batch size,"
          + " with BPR and vanilla order, beside the dense twin: a CSV, and the quality profile"
          + " that adaptive capacity goes by. Of a dense model: its one point.",
      "Ratios, unless --ratios names others: 0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1.05, 2 and E/K.",
      "LABELLED is a folder with one sub-folder a class, or a CSV of file,label or a folder with"
          + " it as labels.csv. Images are taken in a"
          + " random order drawn from the seed, and batches are formed in it.",
      "A sweep that was cut off goes on where it stopped when it is called again with the same"
          + " options."
    })
final class SweepCommand extends StudyCommand {

  @Mixin private final CapacityOptions capacity = new CapacityOptions();
  @Mixin private final LabelledOptions labelled = new LabelledOptions();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description =
          "Folder for the runs, the table and the profile; src/lab/plot.py draws the table.")
  private Path out = Path.of(".");

  @Option(
      names = "--batches",
      split = ",",
      paramLabel = "B",
      defaultValue = "1,4,16,64",
      description = "Batch sizes (default: ${DEFAULT-VALUE}).")
  private List<Integer> batches = List.of();

  @Option(
      names = "--skip",
      paramLabel = "N",
      defaultValue = "0",
      description = "Leave the first N images of the set out (default: ${DEFAULT-VALUE}).")
  private int skip;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Images to draw from the rest (default: ${DEFAULT-VALUE}).")
  private int limit;

  @Option(names = "--full", description = "Take all images, whatever --limit says.")
  private boolean full;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "20220622",
      description = "Seed of the images' order and of the intervals (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--restart", description = "Forget what an earlier call measured in DIR.")
  private boolean restart;

  @Option(
      names = "--profile",
      paramLabel = "FILE",
      description =
          "Write the quality profile there, too: adaptive capacity looks for that of M.onnx in"
              + " M.profile.json.")
  private @Nullable Path profile;

  private SweepCommand() {}

  @Override
  public Integer call() throws Exception {
    positive("--limit");
    if (skip < 0) {
      throw usage("--skip " + skip + " is below 0");
    }
    if (profile != null && labelled.isTestSet()) {
      throw usage(
          "--profile needs --images other than the bundled test images: a profile decides what"
              + " runs, and is measured on images that no result is reported on");
    }
    try (BatchClassifier classifier = capacity.model().open();
        BatchClassifier twin = capacity.openTwin()) {
      ModelCard card = classifier.card();
      SweepPlan plan = card.dense() ? planOfDense(card) : plan(card, twin != null);
      Path set = labelled.path();
      ImageSample sample =
          new ImageSample(
              set,
              card,
              ModelOpener.decoder(card),
              skip,
              full ? null : limit,
              plan.sliceImages(),
              seed);
      Sweep sweep = new Sweep(classifier, plan.twin() ? twin : null, plan, sample, seed);
      Map<String, String> identity = identity(classifier, twin, plan, sample, set);
      try (SweepLog log = SweepLog.open(out, identity, restart)) {
        run(sweep, log, plan, sample);
        List<SweepRow> rows =
            SweepSummary.of(
                plan.points(),
                log.runs(),
                card.name(),
                twin == null ? null : twin.card().name(),
                Statistics.medians(seed));
        write(rows, plan, card);
      }
    }
    return 0;
  }

  private SweepPlan plan(ModelCard card, boolean withTwin) {
    return valid(
        () ->
            new SweepPlan(
                capacity.ratios(SweepPlan.ladder(card)),
                capacity.expertsPerToken(card),
                batches,
                withTwin));
  }

  /** A dense model has one point: it is measured for its profile, beside those of others. */
  private SweepPlan planOfDense(ModelCard card) {
    if (capacity.namesPoints()) {
      throw usage(
          card.name() + " has no experts: there is no capacity to sweep, leave ratios and K");
    }
    return valid(() -> SweepPlan.ofDense(batches));
  }

  /** Returns everything that decides what the runs measure. */
  private Map<String, String> identity(
      BatchClassifier classifier,
      @Nullable BatchClassifier twin,
      SweepPlan plan,
      ImageSample sample,
      Path set) {
    Map<String, String> identity = new LinkedHashMap<>();
    identity.put("model", classifier.card().name());
    identity.put("weights_hash", classifier.card().weightsHash());
    identity.put("dense", twin == null ? "none" : twin.card().name());
    identity.put("dense_weights_hash", twin == null ? "none" : twin.card().weightsHash());
    identity.put("device", capacity.model().deviceLabel());
    identity.put("set", set.toString());
    identity.put("skip", Integer.toString(skip));
    identity.put("images", Integer.toString(sample.size()));
    identity.put("seed", Long.toString(seed));
    identity.put("ratios", plan.ratios().toString());
    identity.put("experts_per_token", plan.expertsPerToken().toString());
    identity.put("batches", plan.batches().toString());
    return identity;
  }

  private void run(Sweep sweep, SweepLog log, SweepPlan plan, ImageSample sample)
      throws IOException {
    int total = sweep.totalRuns();
    int left = total - log.runs().size();
    if (left == 0) {
      return;
    }
    Progress progress = progress();
    progress.say("warming up");
    double minutes = sweep.measureSliceNanos() / 60e9 / plan.points().size() * left;
    progress.say(
        String.format(
            Locale.ROOT,
            "%d settings on %d images, %d of %d runs to do: about %s; it can be cut off and called"
                + " again",
            plan.points().size(),
            sample.size(),
            left,
            total,
            minutes < 1 ? "a minute" : "%.0f minutes".formatted(Math.ceil(minutes))));
    try (Progress.Bar bar = progress.bar("runs", total)) {
      sweep.run(log, bar::at);
    }
  }

  private void write(List<SweepRow> rows, SweepPlan plan, ModelCard card) throws IOException {
    PrintWriter text = out();
    text.println("batches of " + plan.largestBatch() + ", the others are in sweep.csv:");
    text.print(SweepRow.brief(rows, plan.largestBatch()).toText());
    OutputFiles.write(out.resolve("sweep.csv"), SweepRow.table(rows).toCsv());
    if (labelled.isTestSet()) {
      text.println();
      text.println("no quality profile: these are the test images, it needs others (--images)");
    } else {
      ProfileFile measured = SweepRow.profile(card, setName(), seed, command(), rows);
      measured.write(out.resolve("profile.json"));
      if (profile != null) {
        measured.write(profile);
      }
    }
    text.flush();
  }

  private String setName() {
    String from = skip == 0 ? "" : " from image " + skip + " on";
    return labelled.name() + from;
  }

  private String command() {
    return "vmoe " + String.join(" ", spec.commandLine().getParseResult().originalArgs());
  }
}
