package dev.vmoe.streams.models;

import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A model's files, described without loading the model.
 *
 * @param graph the model file
 * @param card its description
 * @param profile its quality profile, with what it was measured on; null if there is none
 */
public record ModelFiles(Path graph, ModelCard card, @Nullable ProfileFile profile) {

  /** Returns the quality profile; null if there is none. */
  public @Nullable QualityProfile quality() {
    return profile == null ? null : profile.toProfile();
  }

  /**
   * Returns the files of the model that settings name.
   *
   * @param model its name or path
   * @throws IOException if it does not exist or cannot be read, or its profile is another model's
   * @throws IllegalArgumentException if its name leads out of its folder
   */
  public static ModelFiles of(Settings settings, String model) throws IOException {
    return of(ModelFolder.graph(settings, model));
  }

  /** Returns the files of the model in this file. */
  public static ModelFiles of(Path graph) throws IOException {
    if (!Files.isReadable(graph)) {
      throw new IOException("no model file " + graph);
    }
    ModelCard card = ModelOpener.card(graph);
    return new ModelFiles(graph, card, ProfileFile.of(graph, card).orElse(null));
  }

  /** Returns the bytes of the graph and its weights. */
  public long bytes() throws IOException {
    return bytes(graph);
  }

  /** Returns the bytes of a graph and its weights. */
  public static long bytes(Path graph) throws IOException {
    Path data = data(graph);
    return Files.size(graph) + (Files.exists(data) ? Files.size(data) : 0);
  }

  /** Returns the path of the weights of a graph that is too large to hold them. */
  static Path data(Path graph) {
    return graph.resolveSibling(graph.getFileName() + ".data");
  }
}
