package dev.vmoe.app.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.importer.cli.ImportCommand;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.output.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vmoe model}: makes, describes and lists model files. */
@Command(
    name = "model",
    description = "Make, describe and list model files.",
    subcommands = {ImportCommand.class, ModelCommand.ModelInfo.class, ModelListCommand.class})
final class ModelCommand {

  private ModelCommand() {}

  /** {@code vmoe model info}. */
  @Command(name = "info", description = "Print the description in a model file.")
  static final class ModelInfo implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "M.onnx", description = "The model file.")
    private Path model = Path.of("");

    @Option(
        names = "--device",
        paramLabel = "auto|cpu|cuda:N",
        description = "Also load the model on this device, and print what it runs on.")
    private @Nullable String device;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    /** Maximum classes that are listed for people; --json lists all. */
    private static final int MAX_LISTED = 20;

    private ModelInfo() {}

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
            .forEach(entry -> out.printf("%s: %s%n", entry.getKey(), inShort(entry.getValue())));
      }
      out.flush();
      return 0;
    }

    /** Returns a value for people: of a long list how long it is, and how it begins. */
    private static String inShort(JsonNode value) {
      if (value.size() <= MAX_LISTED) {
        return value.toString();
      }
      List<String> first = new ArrayList<>();
      for (int i = 0; i < MAX_LISTED; i++) {
        first.add(value.get(i).toString());
      }
      return "%d, [%s,…]".formatted(value.size(), String.join(",", first));
    }
  }
}
