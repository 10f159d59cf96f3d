package dev.vmoe.importer.convert;

import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Precision;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.model.VmoeGraph;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.onnx.OnnxModel;
import dev.vmoe.core.tensor.ParameterTree;
import java.io.IOException;
import java.nio.file.Path;

/** Makes a model file of a checkpoint: the graph, the weights, and the card that describes them. */
public final class ModelImport {

  private ModelImport() {}

  /**
   * Writes the model file, in single precision for the CPU.
   *
   * @param file where to; weights over {@link OnnxModel#INLINE_BYTES} go into a second file beside
   *     it, named like it with {@code .data} appended
   * @return what the file says about itself
   * @throws IllegalArgumentException if a parameter is missing or one too many, shapes contradict
   *     each other, or the options do not go with the model
   */
  public static ModelCard write(ParameterTree checkpoint, ImportOptions options, Path file)
      throws IOException {
    return write(checkpoint, options, Form.of(Target.CPU), file);
  }

  /** Writes the model file in another form. */
  public static ModelCard write(
      ParameterTree checkpoint, ImportOptions options, Form form, Path file) throws IOException {
    return write(checkpoint, options, form, file, OnnxModel.INLINE_BYTES);
  }

  /** Writes the model file with at most so many bytes of weights inside. */
  static ModelCard write(
      ParameterTree checkpoint, ImportOptions options, Form form, Path file, long inlineBytes)
      throws IOException {
    ParameterTree model = options.positions().fit(checkpoint, options.imageSize());
    ModelCard card = describe(model, options, form.precision());
    VmoeGraph.of(model, form, card.toMetadata()).write(file, inlineBytes);
    return card;
  }

  /** Returns what a model file of this checkpoint says about itself. */
  static ModelCard describe(ParameterTree checkpoint, ImportOptions options, Precision precision) {
    VmoeArchitecture architecture = VmoeArchitecture.of(checkpoint);
    options.resize().requireCovers(architecture.imageSize());
    int numExperts = architecture.numExperts();
    if (!architecture.dense() && options.expertsPerToken() > numExperts) {
      throw new IllegalArgumentException(
          String.format(
              "%d experts a token, of only %d experts", options.expertsPerToken(), numExperts));
    }
    return new ModelCard(
        options.name(),
        WeightsHash.of(checkpoint),
        ClassNames.orNumbers(options.classes(), architecture.numClasses()),
        architecture.imageSize(),
        architecture.tokensPerImage(),
        architecture.moeBlocks(),
        numExperts,
        architecture.dense() ? 0 : options.expertsPerToken(),
        options.capacityRatio(),
        options.softmax(),
        options.resize().label(),
        architecture.describe() + (precision == Precision.FP32 ? "" : ", " + precision.label()),
        options.groups(),
        architecture.featuresLength());
  }
}
