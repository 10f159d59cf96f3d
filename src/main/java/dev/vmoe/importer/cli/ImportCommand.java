package dev.vmoe.importer.cli;

import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Precision;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Resize;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.convert.ClassNames;
import dev.vmoe.importer.convert.DescriptionFile;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ImportSource;
import dev.vmoe.importer.convert.ModelImport;
import dev.vmoe.importer.convert.Positions;
import dev.vmoe.importer.convert.Preset;
import dev.vmoe.importer.convert.SourceSums;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vmoe model import}. */
@Command(
    name = "import",
    description = {
      "Make a model file (ONNX) from a checkpoint of a V-MoE or a dense ViT, or of an ONNX"
          + " classifier. Array shapes give most of the architecture. The rest comes from the"
          + " options, else from model.json beside the checkpoint, else from the preset or the"
          + " configuration of the model's source, else from the defaults."
    })
public final class ImportCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private final OnnxOptions onnx = new OnnxOptions();

  @Option(
      names = "--checkpoint",
      paramLabel = "PREFIX",
      description =
          "The checkpoint: PREFIX of PREFIX.index and PREFIX.data-…, a .npz, a flax msgpack file"
              + " or a .safetensors.")
  private @Nullable Path checkpoint;

  @Option(names = "--out", required = true, paramLabel = "M.onnx", description = "File to write.")
  private Path out = Path.of("");

  @Option(names = "--name", description = "Name of the model (default: the checkpoint's).")
  private @Nullable String name;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      description =
          "Release of google-research/vmoe that the checkpoint is: the name of its files.")
  private @Nullable String preset;

  @Option(
      names = {"--classes", "--labels"},
      paramLabel = "FILE|imagenet-1k|imagenet-21k",
      description = "Class names in the order of the logits: a file with one a line, or a set.")
  private @Nullable String classes;

  @Option(
      names = "--heads",
      paramLabel = "N",
      description =
          "Attention heads of a dense ViT, where no file says it (default: those of the published"
              + " model of its width).")
  private int heads;

  @Option(
      names = "--experts-per-token",
      paramLabel = "K",
      description = "K of the training (default: 2).")
  private @Nullable Integer expertsPerToken;

  @Option(
      names = "--capacity-ratio",
      paramLabel = "R",
      description = "Capacity ratio of the training (default: 1.05).")
  private @Nullable Double capacityRatio;

  @Option(
      names = "--activation",
      paramLabel = "softmax|sigmoid",
      description = "How logits become scores (default: softmax).")
  private @Nullable String activation;

  @Option(
      names = "--resize",
      paramLabel = "bilinear|area|pil-…",
      description =
          "How images get the input's size. bilinear: directly; area: resize the shorter side by"
              + " area, then crop the center; pil-bilinear and pil-bicubic as PIL, directly or"
              + " with -square-SIDE or -shortest-SIDE, then crop (default: bilinear).")
  private @Nullable String resize;

  @Option(
      names = {"--image-size", "--size"},
      paramLabel = "PIXELS",
      description =
          "Height and width of the input; learned position embeddings are resized to it"
              + " (default: the checkpoint's).")
  private @Nullable Integer imageSize;

  @Option(
      names = "--positions",
      paramLabel = "learned|sincos2d",
      description = "Kind of position embeddings; sincos2d needs --image-size (default: learned).")
  private @Nullable String positions;

  @Option(
      names = "--target",
      paramLabel = "cpu|cuda",
      defaultValue = "cpu",
      description =
          "Kind of device that the graph is optimized for; the answers are the same"
              + " (default: ${DEFAULT-VALUE}).")
  private Target target = Target.CPU;

  @Option(
      names = "--precision",
      paramLabel = "fp32|fp16|int8",
      defaultValue = "fp32",
      description =
          "Precision of large matrix products: fp16 only for target cuda, int8 only for target"
              + " cpu. Routing is always fp32 (default: ${DEFAULT-VALUE}).")
  private Precision precision = Precision.FP32;

  private ImportCommand() {}

  @Override
  public Integer call() throws IOException {
    ModelCard card = write();
    PrintWriter writer = spec.commandLine().getOut();
    writer.printf("%s: %s, %s%n", out, card.name(), card.architecture());
    writer.flush();
    return 0;
  }

  private ModelCard write() throws IOException {
    Path source = onnx.source();
    if (source != null) {
      requireOut(source);
      String name = String.valueOf(source.getFileName());
      Map<String, String> guessed = new LinkedHashMap<>();
      ImportOptions options = options(source, ImportOptions.named(name));
      ModelCard card = onnx.write(source, options, guessed, out);
      warnOfGuesses(source, guessed);
      return card;
    }
    if (checkpoint == null) {
      throw new ParameterException(spec.commandLine(), "give --checkpoint or --onnx");
    }
    requireOut(checkpoint);
    SourceSums.check(checkpoint);
    return write(checkpoint);
  }

  /** Refuses a place where nothing can be written, or that would overwrite the source. */
  private void requireOut(Path source) throws IOException {
    Path folder = out.toAbsolutePath().normalize().getParent();
    String wrong = "";
    if (Files.isDirectory(out)) {
      wrong = out + " is a folder: give the file to write";
    } else if (folder != null && !Files.isDirectory(folder)) {
      wrong = "folder " + folder + " does not exist";
    } else if (Files.exists(out) && Files.exists(source) && Files.isSameFile(out, source)) {
      wrong = out + " is the source itself: give another file";
    }
    if (!wrong.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "--out: " + wrong);
    }
  }

  private ModelCard write(Path checkpoint) throws IOException {
    Form form = form();
    Preset release = preset != null ? Preset.ofLabel(preset) : null;
    ImportSource source =
        ImportSource.of(checkpoint, CheckpointReader.read(checkpoint), release, heads);
    ImportOptions options = options(checkpoint, source.defaults());
    ModelCard card = ModelImport.write(source.parameters(), options, form, out);
    warnOfGuesses(checkpoint, source.guessed());
    return card;
  }

  private Form form() {
    try {
      return new Form(target, precision);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Says in one line which settings were guessed. */
  private void warnOfGuesses(Path source, Map<String, String> guessed) throws IOException {
    Set<String> given = DescriptionFile.keysBeside(source);
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      given.add(option.longestName().substring(2).replace('-', '_'));
    }
    List<String> left =
        guessed.entrySet().stream()
            .filter(guess -> !given.contains(guess.getKey()))
            .map(Map.Entry::getValue)
            .toList();
    if (!left.isEmpty()) {
      PrintWriter writer = spec.commandLine().getErr();
      writer.println(
          "vmoe: guessed, because no option and no file says it: " + String.join(", ", left));
      writer.flush();
    }
  }

  private ImportOptions options(Path source, ImportOptions defaults) throws IOException {
    ImportOptions described = DescriptionFile.beside(source, defaults);
    return new ImportOptions(
        name != null ? name : described.name(),
        classes != null ? ClassNames.of(classes) : described.classes(),
        classes != null ? List.of() : described.groups(),
        expertsPerToken != null ? expertsPerToken : described.expertsPerToken(),
        capacityRatio != null ? capacityRatio : described.capacityRatio(),
        activation != null ? DescriptionFile.softmax(activation) : described.softmax(),
        resize != null ? Resize.ofLabel(resize) : described.resize(),
        positions != null ? Positions.ofLabel(positions) : described.positions(),
        imageSize != null ? imageSize : described.imageSize());
  }
}
