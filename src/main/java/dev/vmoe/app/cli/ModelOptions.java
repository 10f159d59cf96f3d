package dev.vmoe.app.cli;

import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that load a model. */
public final class ModelOptions {

  @Option(
      names = "--model",
      paramLabel = "M.onnx",
      description =
          "A model file of `vmoe model import`, or the name of a bundled model, such as vmoe-bpr or"
              + " dense (default: vmoe-bpr).")
  private @Nullable Path model;

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda:N",
      defaultValue = "auto",
      description = "Where the model runs (default: ${DEFAULT-VALUE}).")
  private String device = "auto";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Threads of a run of the model on the CPU (default: the number of cores; of evaluate: 1,"
              + " as an instance runs a batch on each core).")
  private @Nullable Integer threads;

  /** Returns the name of the bundled model; empty for a model file. */
  public Optional<String> bundled() {
    String name = model == null ? ModelFolder.DEFAULT_MODEL : model.toString();
    return model == null || isVariant(model) ? Optional.of(name) : Optional.empty();
  }

  private static boolean isVariant(Path model) {
    return !Files.exists(model) && BundledModels.isVariant(model.toString());
  }

  /** Returns the model's path. */
  public Path path() throws IOException {
    if (model == null) {
      return BundledModels.vmoe();
    }
    return isVariant(model) ? BundledModels.variant(model.toString()) : model;
  }

  /** Gives a run one thread where nothing else was asked for. */
  public void runOnOneThread() {
    threads = threads == null ? 1 : threads;
  }

  /** Returns the number of threads on the CPU. */
  public int threads() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** Returns device and threads, for people. */
  public String deviceLabel() {
    return device + ", " + threads() + " threads";
  }

  /** Opens the model. */
  public VmoeSession open() throws IOException {
    return open(path());
  }

  /** Opens another model on the same device. */
  public VmoeSession open(Path path) throws IOException {
    return ModelOpener.open(path, device, threads());
  }

  /** Opens the model as an instance serves it. */
  public VmoeSession openToServe(int batchImages) throws IOException {
    return openToServe(path(), batchImages, 0);
  }

  /**
   * Opens a model on the same device as an instance serves it.
   *
   * @param batchImages images of a full batch
   * @param runs batches that run at once; 0 to measure which number is best
   */
  public VmoeSession openToServe(Path path, int batchImages, int runs) throws IOException {
    Settings settings =
        new Settings(
            Map.of(
                Settings.DEVICE, device,
                Settings.BATCH_MAX_IMAGES, batchImages,
                Settings.INFERENCE_RUNS, runs,
                Settings.INFERENCE_THREADS, threads == null ? 0 : threads));
    return ModelOpener.openToServe(path, settings, LiveSettings.of(settings));
  }

  /** Opens another model on the same device, for several runs at once. */
  public VmoeSession open(Path path, RunLayout layout) throws IOException {
    return ModelOpener.open(path, device, layout.threads(), layout.runs());
  }
}
