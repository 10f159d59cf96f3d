package dev.vmoe.importer.modelstore;

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
 * <p>Instead of a graph there may be a checkpoint ({@code checkpoint.index}, {@code model.json},
 * {@code profile.json}), which becomes a graph on first use. Nothing outside the folder is read.
 *
 * @param root the folder
 * @param graphs folder of the graphs that are made of checkpoints
 * @param prefix of their names there
 */
public record ModelFolder(Path root, GraphFolder graphs, String prefix) {

  /** Name of a model's graph in its folder. */
  static final String GRAPH = "model.onnx";

  private static final String CHECKPOINT = "checkpoint.index";

  /** Begins with a dot, so that it is no model's name. */
  private static final String GRAPHS = ".graphs";

  /** Returns this folder of models. */
  static ModelFolder at(Path root) {
    return new ModelFolder(root, new GraphFolder(root.resolve(GRAPHS)), "");
  }

  /**
   * Returns the models of an instance: those of {@code models.dir}, else the bundled ones.
   *
   * @throws IOException if there is no such folder
   */
  public static ModelFolder of(Settings settings) throws IOException {
    Optional<Path> folder = settings.modelsDir();
    if (folder.isEmpty()) {
      return BundledModels.folder();
    }
    if (!Files.isDirectory(folder.get())) {
      throw new IOException(
          Settings.MODELS_DIR
              + ": no folder "
              + folder.get().toAbsolutePath()
              + " on this machine");
    }
    return at(folder.get());
  }

  /**
   * Returns the model file that a setting refers to.
   *
   * @param model a model's name, the path of its folder, or that of its file
   * @throws IOException if there is none, or it cannot be made
   */
  public static Path graph(Settings settings, String model) throws IOException {
    if (ModelName.isName(model)) {
      return of(settings).graph(model);
    }
    Path path = Path.of(model).toAbsolutePath().normalize();
    Path parent = path.getParent();
    return Files.isDirectory(path) && parent != null
        ? at(parent).graph(path.getFileName().toString())
        : Path.of(model);
  }

  /** Returns the names of the models, sorted. */
  public List<String> names() throws IOException {
    try (Stream<Path> folders = Files.list(root)) {
      return folders
          .filter(it -> Files.exists(it.resolve(GRAPH)) || Files.exists(it.resolve(CHECKPOINT)))
          .map(it -> it.getFileName().toString())
          .filter(ModelName::isName)
          .sorted()
          .toList();
    }
  }

  /**
   * Returns the model file of a model.
   *
   * @throws IOException if there is no such model, or its graph cannot be made
   * @throws IllegalArgumentException if the name is not allowed, or leads out of the folder
   */
  public Path graph(String name) throws IOException {
    ModelName.require(name);
    Path folder = root.resolve(name);
    Path graph = folder.resolve(GRAPH);
    boolean isGraph = Files.exists(graph);
    if (!isGraph && !Files.exists(folder.resolve(CHECKPOINT))) {
      throw new IOException(
          "no model '%s' in %s (a folder of that name with %s or a checkpoint); there are: %s"
              .formatted(name, root.toAbsolutePath(), GRAPH, String.join(", ", names())));
    }
    requireInside(folder);
    return isGraph ? graph : graphs.ofCheckpoint(folder, prefix + name);
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
