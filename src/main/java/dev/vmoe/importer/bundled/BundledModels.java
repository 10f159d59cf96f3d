package dev.vmoe.importer.bundled;

import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Precision;
import dev.vmoe.core.model.Target;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.convert.DescriptionFile;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ModelImport;
import dev.vmoe.importer.convert.SourceSums;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.models.ProfileFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The models that come with the project.
 *
 * <p>In a checkout, each folder of {@code src/models/SET} with a checkpoint is a variant of that
 * name. On first use it is imported into {@code target/models}, a folder of models, with its
 * quality profile. An installation, such as the container image, has its models imported.
 */
public final class BundledModels {

  /** Folder of the checkpoints in a checkout. */
  private static final String SOURCES = "src/models/characters";

  private static final String DENSE = "dense";
  private static final String CHECKPOINT = "checkpoint";

  private BundledModels() {}

  private static Path home() {
    return Path.of(System.getProperty("vmoe.home", "."));
  }

  /** Returns the folder of the models that are imported on first use. */
  public static Path imported() {
    return home().resolve("target/models");
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
    return variant(ModelFolder.DEFAULT_MODEL);
  }

  /** Returns the graph of the dense twin. */
  public static Path twin() throws IOException {
    return variant(DENSE);
  }

  /** Returns the names of all variants, sorted. */
  public static List<String> variants() throws IOException {
    boolean onlyInstalled = isInstallation() && !Files.isDirectory(home().resolve(SOURCES));
    try (Stream<Path> folders = Files.list(onlyInstalled ? ModelFolder.bundled() : sources())) {
      return folders
          .map(folder -> String.valueOf(folder.getFileName()))
          .filter(BundledModels::isVariant)
          .sorted()
          .toList();
    }
  }

  /** Returns the names of all bundled dense models, sorted. */
  public static List<String> denseVariants() throws IOException {
    return variants().stream().filter(name -> name.startsWith(DENSE)).toList();
  }

  /** Returns whether a variant has this name. */
  public static boolean isVariant(String name) {
    Path checkpoint = home().resolve(SOURCES).resolve(name).resolve(CHECKPOINT + ".index");
    return name.matches("[a-z0-9-]+") && (Files.exists(checkpoint) || isInstalled(name));
  }

  private static boolean isInstalled(String name) {
    return isInstallation() && Files.exists(installed(name));
  }

  private static boolean isInstallation() {
    return !ModelFolder.bundled().equals(imported());
  }

  private static Path installed(String name) {
    return ModelFolder.bundled().resolve(name).resolve(ModelFolder.GRAPH);
  }

  /** Returns the graph of a variant. */
  public static Path variant(String name) throws IOException {
    return isInstalled(name) ? installed(name) : variant(name, Precision.FP32);
  }

  /**
   * Returns the graph of a variant in a precision, which belongs to the name of its folder and of
   * the model. A quality profile was measured in single precision and lies beside a graph in that
   * alone.
   *
   * @throws IOException if there is no checkpoint to make it of, as in an installation
   */
  public static Path variant(String name, Precision precision) throws IOException {
    Path source = sources().resolve(name);
    Path prefix = source.resolve(CHECKPOINT);
    Path profile = source.resolve(SourceSums.PROFILE);
    boolean single = precision == Precision.FP32;
    boolean profiled = single && Files.exists(profile);
    String suffix = single ? "" : "-" + precision.label();
    Path graph =
        new GraphFolder(imported().resolve(name + suffix))
            .fresh(
                ModelFolder.GRAPH,
                GraphFolder.newest(source),
                out -> {
                  SourceSums.check(prefix);
                  ImportOptions options = DescriptionFile.beside(prefix);
                  ModelImport.write(
                      CheckpointReader.read(prefix),
                      options.withName(options.name() + suffix),
                      new Form(Target.CPU, precision),
                      out);
                  if (profiled) {
                    Files.copy(profile, ProfileFile.beside(out));
                  }
                });
    if (!profiled) {
      Files.deleteIfExists(ProfileFile.beside(graph));
    }
    return graph;
  }
}
