package dev.vmoe.cli;

import dev.vmoe.capacity.QualityProfile;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.report.ProfileFile;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A model's files: what they say is known, and nothing is loaded.
 *
 * @param graph the model file
 * @param card what it says about itself
 * @param quality its quality profile; null where there is none
 */
record ModelFiles(Path graph, ModelCard card, @Nullable QualityProfile quality) {

  /**
   * Looks at the model that settings mean.
   *
   * @param model its name or path
   * @throws IOException if it is not there or cannot be read, or its profile is another model's
   * @throws IllegalArgumentException if it is a name that leads out of its folder
   */
  static ModelFiles of(Settings settings, String model) throws IOException {
    return of(ModelFolder.graph(settings, model));
  }

  /** Looks at the model of this file. */
  static ModelFiles of(Path graph) throws IOException {
    if (!Files.isReadable(graph)) {
      throw new IOException("no model file " + graph);
    }
    ModelCard card = ModelOptions.card(graph);
    return new ModelFiles(graph, card, ProfileFile.find(graph, card).orElse(null));
  }

  /**
   * Returns settings complete for the model, as every instance checks them before it takes them
   * over.
   *
   * @param file settings of the instance
   */
  LiveSettings complete(LiveSettings live, Settings file) {
    return ConfigEdit.check(card, file, quality).apply(live);
  }

  /** Returns the bytes of the graph and its weights. */
  long bytes() throws IOException {
    return bytes(graph);
  }

  /** Returns the bytes of a graph and its weights. */
  static long bytes(Path graph) throws IOException {
    Path data = data(graph);
    return Files.size(graph) + (Files.exists(data) ? Files.size(data) : 0);
  }

  /** Returns where the weights of a graph lie if it is too large to hold them. */
  static Path data(Path graph) {
    return graph.resolveSibling(graph.getFileName() + ".data");
  }
}
