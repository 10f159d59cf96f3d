package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.importer.bundled.BundledModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of the commands that run a model at many settings, beside its dense twin. */
final class CapacityOptions {

  @Mixin private final ModelOptions model = new ModelOptions();

  @Option(
      names = "--dense",
      paramLabel = "M.onnx",
      description = "The dense twin (default: the bundled one for a bundled model, else none).")
  private @Nullable Path dense;

  @Option(
      names = "--ratios",
      split = ",",
      paramLabel = "R",
      description = "Capacity ratios (default: the ones above).")
  private @Nullable List<Double> ratios;

  @Option(
      names = "--experts-per-token",
      split = ",",
      paramLabel = "K",
      description = "Experts each token is sent to (default: 1 to the trained K).")
  private @Nullable List<Integer> expertsPerToken;

  /** Opens the dense twin; null if there is none. */
  @Nullable BatchClassifier openTwin() throws IOException {
    Path twin = twin();
    return twin == null ? null : model.open(twin);
  }

  /** Returns the file of the dense twin; null if there is none. */
  @Nullable Path twin() throws IOException {
    if (dense != null) {
      return dense;
    }
    return isBundled() ? BundledModels.twin() : null;
  }

  /** Returns whether model and twin are bundled ones. */
  boolean isBundled() {
    return dense == null && model.bundled().isPresent() && BundledModels.haveTwin();
  }

  /** Returns the options of the model. */
  ModelOptions model() {
    return model;
  }

  /** Returns the capacity ratios, or these if none were named. */
  List<Double> ratios(List<Double> others) {
    return ratios == null ? others : ratios;
  }

  /** Returns whether ratios or K were named. */
  boolean namesPoints() {
    return ratios != null || expertsPerToken != null;
  }

  /** Returns whether K was named. */
  boolean namesExperts() {
    return expertsPerToken != null;
  }

  /** Returns each K, from 1 to that of the training if none was named. */
  List<Integer> expertsPerToken(ModelCard card) {
    return expertsPerToken == null
        ? IntStream.rangeClosed(1, Math.max(1, card.expertsPerToken())).boxed().toList()
        : expertsPerToken;
  }
}
