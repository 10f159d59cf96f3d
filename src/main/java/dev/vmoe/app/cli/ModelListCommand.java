package dev.vmoe.app.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.models.ModelFiles;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vmoe model list}. */
@Command(
    name = "list",
    description = {
      "List the models that have a name: those of models.dir, or if that is not set, those that"
          + " come with the project."
    })
final class ModelListCommand implements Callable<Integer> {

  /** Enough of a hash to tell models apart. */
  private static final int HASH_DIGITS = 12;

  @Spec private CommandSpec spec;
  @Mixin private final ConnectionOptions connection = new ConnectionOptions();

  @Option(names = "--json", description = "Print one line of JSON for each model.")
  private boolean json;

  private ModelListCommand() {}

  /**
   * A model, or why it cannot be used.
   *
   * @param files of the model; null if they cannot be read
   * @param problem why not; empty if they can
   */
  private record Listed(String name, @Nullable ModelFiles files, String problem) {}

  @Override
  public Integer call() throws IOException {
    Settings settings = connection.settings();
    if (settings.modelsDir().isEmpty()) {
      for (String bundled : BundledModels.variants()) {
        BundledModels.variant(bundled);
      }
    }
    ModelFolder folder = ModelFolder.of(settings);
    List<Listed> all = new ArrayList<>();
    for (String name : folder.names()) {
      all.add(listed(folder, name));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      all.forEach(model -> out.println(toJson(model)));
    } else {
      out.print(toText(all));
      out.println(all.size() + " models in " + folder.root().toAbsolutePath().normalize());
    }
    out.flush();
    return 0;
  }

  private static Listed listed(ModelFolder folder, String name) {
    try {
      return new Listed(name, ModelFiles.of(folder.graph(name)), "");
    } catch (IOException | RuntimeException e) {
      return new Listed(name, null, ErrorText.of(e));
    }
  }

  private static ObjectNode toJson(Listed model) {
    ObjectNode line = Json.object().put("name", model.name());
    ModelFiles files = model.files();
    if (files == null) {
      return line.put("problem", model.problem());
    }
    line.put("file", files.graph().toString()).put("quality_profile", files.quality() != null);
    line.set("card", Json.tree(files.card()));
    return line;
  }

  private static String toText(List<Listed> models) {
    Table table =
        new Table("name", "model", "weights", "image", "classes", "experts", "K", "quality");
    for (Listed model : models) {
      ModelFiles files = model.files();
      if (files == null) {
        table.add(model.name(), "cannot be used: " + model.problem(), "", "", "", "", "", "");
        continue;
      }
      ModelCard card = files.card();
      table.add(
          model.name(),
          card.name(),
          card.weightsHash().substring(0, Math.min(HASH_DIGITS, card.weightsHash().length())),
          card.imageSize() + " x " + card.imageSize(),
          card.classes().size(),
          card.dense() ? "dense" : card.numExperts() + " in " + card.numLayers() + " layers",
          card.dense() ? "" : card.expertsPerToken(),
          files.quality() == null ? "not measured" : "measured");
    }
    return table.toText();
  }
}
