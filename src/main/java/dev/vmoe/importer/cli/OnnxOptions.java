package dev.vmoe.importer.cli;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.PixelScale;
import dev.vmoe.importer.onnx.OnnxImport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code vmoe model import} that are for ONNX classifiers of another origin. */
final class OnnxOptions {

  /** Options of checkpoints that such a model has no use for. */
  private static final List<String> NOT_WITH =
      List.of(
          "--checkpoint",
          "--preset",
          "--heads",
          "--experts-per-token",
          "--capacity-ratio",
          "--positions",
          "--target",
          "--precision");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--onnx",
      paramLabel = "M.onnx",
      description =
          "Instead of a checkpoint: an ONNX image classifier of another origin. Needs --mean and"
              + " --std, as it was trained.")
  private @Nullable Path onnx;

  @Option(
      names = "--mean",
      split = ",",
      paramLabel = "R,G,B",
      description = "With --onnx: mean of each channel, such as 0.485,0.456,0.406.")
  private List<Double> mean = List.of();

  @Option(
      names = "--std",
      split = ",",
      paramLabel = "R,G,B",
      description = "With --onnx: standard deviation of each channel, such as 0.229,0.224,0.225.")
  private List<Double> std = List.of();

  @Option(
      names = "--scale",
      paramLabel = "S",
      description = "With --onnx: what bytes are multiplied by, before the mean (default: 1/255).")
  private @Nullable Double scale;

  /** Returns the ONNX file; null if the source is a checkpoint. */
  @Nullable Path source() {
    boolean pixels = !mean.isEmpty() || !std.isEmpty() || scale != null;
    if (onnx == null && pixels) {
      throw misused("--mean, --std and --scale are for --onnx");
    }
    return onnx;
  }

  /**
   * Imports the ONNX file.
   *
   * @param guessed receives the settings that the file does not say, as {@link OnnxImport} has them
   */
  ModelCard write(Path source, ImportOptions options, Map<String, String> guessed, Path out)
      throws IOException {
    for (String option : NOT_WITH) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw misused(option + " is not for --onnx");
      }
    }
    if (mean.isEmpty() || std.isEmpty()) {
      throw misused("--onnx needs --mean and --std: what the model was trained with");
    }
    try {
      PixelScale pixels = new PixelScale(scale == null ? PixelScale.BYTE : scale, mean, std);
      return OnnxImport.write(source, options, pixels, guessed, out);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private ParameterException misused(String why) {
    return new ParameterException(spec.commandLine(), why);
  }
}
