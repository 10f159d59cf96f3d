package dev.vmoe.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.checkpoint.CheckpointReader;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.model.DescriptionFile;
import dev.vmoe.model.Form;
import dev.vmoe.model.ImportOptions;
import dev.vmoe.model.ModelImport;
import dev.vmoe.model.Positions;
import dev.vmoe.model.Precision;
import dev.vmoe.model.Target;
import dev.vmoe.modelstore.ModelOpener;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Resize;
import dev.vmoe.output.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vmoe model}: checkpoints into model files, and what a model file says about itself. */
@Command(
    name = "model",
    description = "Make model files, and look at them.",
    subcommands = {ModelCommand.Import.class, ModelCommand.Info.class, ModelListCommand.class})
final class ModelCommand {

  private ModelCommand() {}

  /** {@code vmoe model import}. */
  @Command(
      name = "import",
      description = {
        "Make a model file (ONNX) from a V-MoE checkpoint. What shapes cannot say comes from the"
            + " options, else from model.json beside the checkpoint, else from the defaults."
      })
  static final class Import implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
        names = "--checkpoint",
        required = true,
        paramLabel = "PREFIX",
        description = "PREFIX of PREFIX.index and PREFIX.data-…, a .npz or a flax msgpack file.")
    private Path checkpoint = Path.of("");

    @Option(names = "--out", required = true, paramLabel = "M.onnx", description = "File to write.")
    private Path out = Path.of("");

    @Option(names = "--name", description = "Name of the model (default: the checkpoint's).")
    private @Nullable String name;

    @Option(
        names = "--classes",
        paramLabel = "FILE",
        description = "Class names, one a line, in the order of the logits.")
    private @Nullable Path classes;

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
        paramLabel = "bilinear|area",
        description =
            "To the input's size directly, or the smaller side by area and a central crop"
                + " (default: bilinear).")
    private @Nullable Resize resize;

    @Option(
        names = "--image-size",
        paramLabel = "PIXELS",
        description =
            "Height and width of images; learned positions are resized to it"
                + " (default: the checkpoint's).")
    private @Nullable Integer imageSize;

    @Option(
        names = "--positions",
        paramLabel = "learned|sincos2d",
        description =
            "Where position embeddings come from; sincos2d needs --image-size"
                + " (default: learned).")
    private @Nullable String positions;

    @Option(
        names = "--target",
        paramLabel = "cpu|cuda",
        defaultValue = "cpu",
        description =
            "The kind of device the graph is to be fast on; the answers are the same"
                + " (default: ${DEFAULT-VALUE}).")
    private Target target = Target.CPU;

    @Option(
        names = "--precision",
        paramLabel = "fp32|fp16|int8",
        defaultValue = "fp32",
        description =
            "What large products are computed in; fp16 for target cuda, int8 for target cpu; routing"
                + " is fp32 in each (default: ${DEFAULT-VALUE}).")
    private Precision precision = Precision.FP32;

    private Import() {}

    @Override
    public Integer call() throws IOException {
      ImportOptions options = options();
      check(options.target());
      ModelCard card =
          ModelImport.write(CheckpointReader.read(checkpoint), options, precision, out);
      PrintWriter writer = spec.commandLine().getOut();
      writer.printf("%s: %s, %s%n", out, card.name(), card.architecture());
      writer.flush();
      return 0;
    }

    /** Refuses a precision that is not for the target before a checkpoint is read for minutes. */
    private void check(Target chosen) {
      try {
        new Form(chosen, precision);
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
      }
    }

    private ImportOptions options() throws IOException {
      ImportOptions said = DescriptionFile.beside(checkpoint);
      return new ImportOptions(
          name != null ? name : said.name(),
          classes != null ? Files.readAllLines(classes) : said.classes(),
          expertsPerToken != null ? expertsPerToken : said.expertsPerToken(),
          capacityRatio != null ? capacityRatio : said.capacityRatio(),
          activation != null ? DescriptionFile.softmax(activation) : said.softmax(),
          resize != null ? resize : said.resize(),
          positions != null ? Positions.ofLabel(positions) : said.positions(),
          imageSize != null ? imageSize : said.imageSize(),
          target);
    }
  }

  /** {@code vmoe model info}. */
  @Command(name = "info", description = "Print what a model file says about itself.")
  static final class Info implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "M.onnx", description = "The model file.")
    private Path model = Path.of("");

    @Option(
        names = "--device",
        paramLabel = "auto|cpu|cuda:N",
        description = "Load it there, too, and say what it runs on.")
    private @Nullable String device;

    @Option(names = "--json", description = "Print it as JSON.")
    private boolean json;

    private Info() {}

    @Override
    public Integer call() throws IOException {
      PrintWriter out = spec.commandLine().getOut();
      ObjectNode card = (ObjectNode) Json.tree(ModelOpener.card(model));
      if (device != null) {
        int threads = Runtime.getRuntime().availableProcessors();
        try (VmoeSession session = ModelOpener.open(model, device, threads)) {
          card.put("device", session.device().label()).put("runtime", session.runtime());
        }
      }
      if (json) {
        out.println(card);
      } else {
        card.properties()
            .forEach(entry -> out.printf("%s: %s%n", entry.getKey(), entry.getValue()));
      }
      out.flush();
      return 0;
    }
  }
}
