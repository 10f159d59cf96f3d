package dev.vmoe.importer.modelstore;

import dev.vmoe.app.dataset.LabelledFile;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.dataset.LabelsCsv;
import dev.vmoe.core.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The models and images that come with the project.
 *
 * <p>In a checkout, each folder of {@code src/models/SET} with a checkpoint is a variant of that
 * name. On first use its checkpoint becomes a graph in {@code target/models}, with its quality
 * profile beside it. An installation, such as the container image, has finished graphs and the
 * images in {@code models} instead.
 */
public final class BundledModels {

  /** The variant that is used if no model is named. */
  public static final String DEFAULT = "vmoe-bpr";

  /** The bundled data set: models are named after it, and trained on it. */
  private static final String SET = "characters";

  /** Folder of the checkpoints and test images in a checkout. */
  private static final String SOURCES = "src/models/" + SET;

  private static final String DENSE = "dense";
  private static final String INDEX = "checkpoint.index";

  private BundledModels() {}

  private static Path home() {
    return Path.of(System.getProperty("vmoe.home", "."));
  }

  /** Returns the folder of the graphs that were made from checkpoints. */
  public static GraphFolder graphs() {
    return new GraphFolder(home().resolve("target/models"));
  }

  /** Returns the bundled models as a folder of models. */
  static ModelFolder folder() throws IOException {
    if (Files.exists(installed(DEFAULT))) {
      return ModelFolder.at(installation());
    }
    return new ModelFolder(sources(), graphs(), SET + "-");
  }

  /** Returns the folder of models and images of an installation. */
  private static Path installation() {
    return home().resolve("models");
  }

  /** Returns the path of a model of an installation. */
  private static Path installed(String name) {
    return installation().resolve(name).resolve(ModelFolder.GRAPH);
  }

  /** Returns whether the dense twin is there; in an installation it is not. */
  public static boolean haveTwin() {
    return isVariant(DENSE);
  }

  private static Path sources() throws IOException {
    Path folder = home().resolve(SOURCES);
    if (!Files.isDirectory(folder)) {
      throw new IOException(
          "the bundled models are not at "
              + folder.toAbsolutePath()
              + ": start vmoe by ops/vmoe of a checkout, or name a model");
    }
    return folder;
  }

  /** Returns the graph that is used if no model is named. */
  public static Path vmoe() throws IOException {
    return variant(DEFAULT);
  }

  /** Returns the graph of the dense twin. */
  public static Path twin() throws IOException {
    return variant(DENSE);
  }

  /** Returns the names of all bundled dense models, sorted. */
  public static List<String> denseVariants() throws IOException {
    Path sources = home().resolve(SOURCES);
    try (Stream<Path> folders = Files.list(Files.isDirectory(sources) ? sources : installation())) {
      return folders
          .map(folder -> String.valueOf(folder.getFileName()))
          .filter(name -> name.startsWith(DENSE) && isVariant(name))
          .sorted()
          .toList();
    }
  }

  /** Returns whether a variant has this name. */
  public static boolean isVariant(String name) {
    Path sources = home().resolve(SOURCES);
    return name.matches("[a-z0-9-]+")
        && (Files.exists(sources.resolve(name).resolve(INDEX)) || Files.exists(installed(name)));
  }

  /** Returns the graph of a variant. */
  public static Path variant(String name) throws IOException {
    Path finished = installed(name);
    return Files.exists(finished)
        ? finished
        : graphs().ofCheckpoint(sources().resolve(name), SET + "-" + name);
  }

  /**
   * Returns the graph of a variant in a precision; its model's name says which.
   *
   * @throws IOException if there is no checkpoint to make it of, as in an installation
   */
  public static Path variant(String name, Precision precision) throws IOException {
    return graphs().ofCheckpoint(sources().resolve(name), SET + "-" + name, precision);
  }

  /** Returns one of the test images, as a file of its own. */
  public static Path example() throws IOException {
    return testImages().resolve("held-out/0009.jpg");
  }

  /** Returns the folder of the labelled test images. */
  public static Path testImages() throws IOException {
    Path installed = installation().resolve(SET + "-test");
    return Files.isDirectory(installed) ? installed : sources().resolve("test");
  }

  /** Returns the labelled test images. */
  public static List<LabelledImage> labelledImages() throws IOException {
    List<LabelledImage> all = new ArrayList<>();
    for (LabelledFile file : LabelsCsv.read(testImages().resolve(LabelsCsv.NAME))) {
      all.add(file.read());
    }
    return all;
  }
}
