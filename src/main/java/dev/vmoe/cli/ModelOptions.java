package dev.vmoe.cli;

import dev.vmoe.inference.VmoeSession;
import dev.vmoe.modelstore.BundledModels;
import dev.vmoe.modelstore.ModelOpener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that load a model. */
public final class ModelOptions {

  @Option(
      names = "--model",
      paramLabel = "M.onnx",
      description =
          "A model file of `vmoe model import`, or the name of a bundled model: vmoe-bpr, vmoe,"
              + " dense-bpr, dense (default: vmoe-bpr).")
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
      description = "Threads of the model on the CPU (default: the number of cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  /** Returns the name of the bundled model; empty for a model file. */
  public Optional<String> bundled() {
    String name = model == null ? BundledModels.DEFAULT : model.toString();
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

  /** Returns the number of threads on the CPU. */
  public int threads() {
    return threads;
  }

  /** Returns device and threads, for people. */
  public String deviceLabel() {
    return device + ", " + threads + " threads";
  }

  /** Opens the model. */
  public VmoeSession open() throws IOException {
    return open(path());
  }

  /** Opens another model on the same device. */
  public VmoeSession open(Path path) throws IOException {
    return open(path, 1);
  }

  /** Opens another model on the same device, for several runs at once. */
  public VmoeSession open(Path path, int runs) throws IOException {
    return open(path, runs, threads);
  }

  /** Opens another model on the same device, for several runs at once of so many threads each. */
  public VmoeSession open(Path path, int runs, int threadsOfEach) throws IOException {
    return ModelOpener.open(path, device, threadsOfEach, runs);
  }
}
