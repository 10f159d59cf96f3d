package dev.vmoe.streams.models;

import dev.vmoe.streams.settings.ModelName;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder of models: each has a folder with the name of the model.
 *
 * <pre>
 * NAME/model.onnx           the graph: weights, classes, image size, how images are resized
 * NAME/model.onnx.data      its weights, if they are large
 * NAME/model.profile.json   its quality profile, if it was measured
 * NAME/SHA256SUMS           checksums of these files, optional
 * </pre>
 *
 * <p>{@code vmoe model import} writes these files. Nothing outside the folder is read.
 *
 * @param root the folder
 */
public record ModelFolder(Path root) {

  /** Name of a model's graph in its folder. */
  public static final String GRAPH = "model.onnx";

  /** The bundled model that is used if no other is named. */
  public static final String DEFAULT_MODEL = "vmoe-bpr";

  private static final String CHECKPOINT = "checkpoint";

  /**
   * Returns the models of an instance: those of {@code models.dir}, else the bundled ones.
   *
   * @throws IOException if there is no such folder
   */
  public static ModelFolder of(Settings settings) throws IOException {
    Optional<Path> named = settings.modelsDir();
    Path root = named.orElseGet(ModelFolder::bundled);
    if (!Files.isDirectory(root)) {
      throw new IOException(
          named.isPresent()
              ? Settings.MODELS_DIR + ": no folder " + root.toAbsolutePath() + " on this machine"
              : "no model is imported in "
                  + root.toAbsolutePath()
                  + ": vmoe model list imports those that come with the project; or set "
                  + Settings.MODELS_DIR);
    }
    return new ModelFolder(root);
  }

  /**
   * Returns the folder of the models that come with the project: of an installation, such as the
   * container image, or where a checkout has them imported.
   */
  public static Path bundled() {
    Path home = Path.of(System.getProperty("vmoe.home", "."));
    Path installed = home.resolve("models");
    return Files.exists(installed.resolve(DEFAULT_MODEL).resolve(GRAPH))
        ? installed
        : home.resolve("target/models");
  }

  /**
   * Returns the model file that a setting refers to.
   *
   * @param model a model's name, the path of its folder, or that of its file
   * @throws IOException if there is none
   */
  public static Path graph(Settings settings, String model) throws IOException {
    if (ModelName.isName(model)) {
      return of(settings).graph(model);
    }
    Path path = Path.of(model).toAbsolutePath().normalize();
    Path parent = path.getParent();
    return Files.isDirectory(path) && parent != null
        ? new ModelFolder(parent).graph(path.getFileName().toString())
        : Path.of(model);
  }

  /** Returns the names of the models, sorted. */
  public List<String> names() throws IOException {
    try (Stream<Path> folders = Files.list(root)) {
      return folders
          .filter(it -> Files.exists(it.resolve(GRAPH)))
          .map(it -> it.getFileName().toString())
          .filter(ModelName::isName)
          .sorted()
          .toList();
    }
  }

  /**
   * Returns the model file of a model.
   *
   * @throws IOException if there is no such model
   * @throws IllegalArgumentException if the name is not allowed, or leads out of the folder
   */
  public Path graph(String name) throws IOException {
    ModelName.require(name);
    Path folder = root.resolve(name);
    Path graph = folder.resolve(GRAPH);
    if (!Files.exists(graph)) {
      throw new IOException(missing(name, folder.resolve(CHECKPOINT), graph));
    }
    requireInside(folder);
    return graph;
  }

  private String missing(String name, Path checkpoint, Path graph) throws IOException {
    if (Files.exists(checkpoint.resolveSibling(CHECKPOINT + ".index"))) {
      return "%s is a checkpoint, and instances serve model files: import it first, vmoe model import --checkpoint %s --out %s"
          .formatted(checkpoint, checkpoint, graph);
    }
    return "no model '%s' in %s (a folder of that name with %s); there are: %s%s"
        .formatted(
            name,
            root.toAbsolutePath(),
            GRAPH,
            String.join(", ", names()),
            root.equals(bundled())
                ? ". vmoe model list imports those that come with the project"
                : "");
  }

  /** Checks that neither the folder nor anything in it is a link out of the root. */
  private void requireInside(Path folder) throws IOException {
    Path inside = root.toRealPath();
    requireInside(folder, inside);
    try (Stream<Path> files = Files.walk(folder.toRealPath())) {
      for (Path file : files.toList()) {
        requireInside(file, inside);
      }
    }
  }

  private void requireInside(Path file, Path inside) throws IOException {
    if (!file.toRealPath().startsWith(inside)) {
      throw new IllegalArgumentException(
          "model: %s is a link that leads out of %s; put the file itself there"
              .formatted(file, root.toAbsolutePath()));
    }
  }
}
