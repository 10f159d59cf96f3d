package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.app.cli.OptionCheck;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalBroker;
import dev.vmoe.core.capacity.PointBounds;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.importer.modelstore.ModelOpener;
import dev.vmoe.importer.modelstore.ProfileFile;
import dev.vmoe.lab.sizing.CostMeasurement;
import dev.vmoe.lab.sizing.Forecaster;
import dev.vmoe.lab.sizing.MeasuredCosts;
import dev.vmoe.streams.output.OutputFiles;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.CapacityRequirements;
import dev.vmoe.streams.settings.CapacitySettings;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every command that computes with the measured costs of an instance. */
final class CostOptions {

  private static final int MAX_IMAGES = 2_000;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final LabelledOptions labelled = new LabelledOptions();

  @Option(
      names = "--costs",
      paramLabel = "FILE",
      description =
          "Costs that --save-costs wrote, here or on another machine (default: measure them here,"
              + " about two minutes).")
  private @Nullable Path costs;

  @Option(
      names = "--save-costs",
      paramLabel = "FILE",
      description = "Write the costs there, to plan with them later or elsewhere.")
  private @Nullable Path saveCosts;

  @Option(
      names = "--max-batch",
      paramLabel = "B",
      defaultValue = "64",
      description = "Images of the largest batch that is measured (default: ${DEFAULT-VALUE}).")
  private int maxBatch;

  @Option(
      names = "--survey-seconds",
      paramLabel = "S",
      defaultValue = "20",
      description = "How long the model alone is measured (default: ${DEFAULT-VALUE}).")
  private double surveySeconds;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /**
   * The inputs of a prediction.
   *
   * @param costs measured costs
   * @param quality accuracy of every operating point
   * @param qualityMeasured whether it was measured
   * @param bounds where an instance with default settings may go
   */
  record Basis(
      MeasuredCosts costs, QualityProfile quality, boolean qualityMeasured, PointBounds bounds) {

    /** Returns a forecaster of instances that commit this often. */
    Forecaster forecaster(int commitIntervalMs) {
      return new Forecaster(
          costs,
          quality,
          bounds,
          commitIntervalMs / 1e3,
          CapacityRequirements.overhead(Duration.ofMillis(commitIntervalMs)));
    }
  }

  /** Checks the options before anything is started. */
  void check() {
    OptionCheck.positive(command, "--max-batch", maxBatch, "--survey-seconds", surveySeconds);
    if (costs == null) {
      LocalBroker.require(
          "costs cannot be measured here; measure them from a checkout (ops/vmoe lab plan"
              + " --save-costs FILE …) on a machine like this one, and give them with --costs"
              + " FILE");
    } else if (saveCosts != null) {
      throw new ParameterException(
          command.commandLine(),
          "--save-costs "
              + saveCosts
              + ": nothing is measured with --costs "
              + costs
              + ", so there is nothing to save; leave out one of them");
    }
  }

  /** Returns the inputs; opens the model only where costs have to be measured. */
  Basis basis() throws IOException, InterruptedException {
    if (costs != null) {
      return read(costs, ModelOpener.card(model.path()));
    }
    try (VmoeSession session = open()) {
      return basis(session);
    }
  }

  private Basis read(Path file, ModelCard card) throws IOException {
    MeasuredCosts read = MeasuredCosts.read(file);
    read.requireModel(card, file);
    return basis(read, card);
  }

  /** Returns the inputs, measured with an open session. */
  Basis basis(VmoeSession session) throws IOException, InterruptedException {
    ModelCard card = session.card();
    if (costs != null) {
      return read(costs, card);
    }
    QualityProfile quality = QualityProfile.known(profile(card).orElse(null), card);
    MeasuredCosts measured =
        new CostMeasurement(
                session,
                model.threads(),
                quality,
                bounds(card),
                images(card),
                new Progress(command.commandLine().getErr()),
                Benchmark.SEED)
            .measure(maxBatch, Duration.ofNanos(Math.round(1e9 * surveySeconds)));
    if (saveCosts != null) {
      OutputFiles.write(saveCosts, measured.toJson());
    }
    return basis(measured, card);
  }

  private Basis basis(MeasuredCosts measured, ModelCard card) throws IOException {
    Optional<QualityProfile> profile = profile(card);
    return new Basis(
        measured,
        QualityProfile.known(profile.orElse(null), card),
        profile.isPresent(),
        bounds(card));
  }

  private Optional<QualityProfile> profile(ModelCard card) throws IOException {
    return ProfileFile.find(model.path(), card);
  }

  private static PointBounds bounds(ModelCard card) {
    CapacitySettings.Bounds bounds =
        LiveSettings.of(new Settings(Map.of())).forModel(card).capacity().bounds();
    return new PointBounds(
        bounds.minRatio(),
        bounds.maxRatio(),
        bounds.minExpertsPerToken(),
        bounds.maxExpertsPerToken());
  }

  /** Opens the model. */
  VmoeSession open() throws IOException {
    return model.openToServe(maxBatch);
  }

  /** Returns the images that are sent, and whose mean size in bytes counts. */
  List<LabelledImage> images(ModelCard card) throws IOException {
    return labelled.read(card, MAX_IMAGES);
  }
}
