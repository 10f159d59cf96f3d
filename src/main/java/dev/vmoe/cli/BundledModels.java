package dev.vmoe.cli;

import dev.vmoe.checkpoint.CheckpointReader;
import dev.vmoe.model.DescriptionFile;
import dev.vmoe.model.ImportOptions;
import dev.vmoe.model.ModelImport;
import dev.vmoe.model.RandomCheckpoint;
import dev.vmoe.model.Variant;
import dev.vmoe.model.VmoeArchitecture;
import dev.vmoe.report.LabelledImage;
import dev.vmoe.report.LabelledImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The models and images that come with the project, in {@code src/models}; a checkpoint becomes a
 * graph in {@code target/models} the first time it is asked for.
 */
final class BundledModels {

  private BundledModels() {}

  private static Path home() {
    return Path.of(System.getProperty("vmoe.home", "."));
  }

  private static Path fashionMnist() throws IOException {
    Path folder = home().resolve("src/models/fashion-mnist");
    if (!Files.isDirectory(folder)) {
      throw new IOException(
          "the bundled models are not at "
              + folder.toAbsolutePath()
              + ": start vmoe by ops/vmoe of a checkout, or name a model");
    }
    return folder;
  }

  /** Returns the V-MoE's graph. */
  static Path vmoe() throws IOException {
    return graph(fashionMnist().resolve("vmoe"), "fashion-mnist-vmoe.onnx");
  }

  /** Returns the graph of its dense twin. */
  static Path dense() throws IOException {
    return graph(fashionMnist().resolve("dense"), "fashion-mnist-dense.onnx");
  }

  /** Returns the folder of the labelled test images. */
  static Path testImages() throws IOException {
    return fashionMnist().resolve("test");
  }

  /** Returns the labelled test images, each as a PNG file. */
  static List<LabelledImage> testImages(List<String> classNames) throws IOException {
    List<LabelledImage> all = new ArrayList<>();
    try (LabelledImages set = LabelledImages.open(testImages(), classNames)) {
      set.forEachRemaining(all::add);
    }
    return all;
  }

  /**
   * Returns the graph of an architecture with random weights, for measuring speed.
   *
   * @throws IllegalArgumentException if there is no such variant
   */
  static Path random(String variant, long seed) throws IOException {
    Path graph =
        home().resolve("target/models").resolve(variant.replace('/', '-') + "-" + seed + ".onnx");
    if (!Files.exists(graph)) {
      Files.createDirectories(graph.getParent());
      VmoeArchitecture architecture = Variant.ofLabel(variant).architecture();
      ModelImport.write(
          RandomCheckpoint.of(architecture, seed),
          ImportOptions.named("random " + variant).resized(ImportOptions.Resize.AREA),
          graph);
    }
    return graph;
  }

  private static Path graph(Path checkpoint, String name) throws IOException {
    Path graph = home().resolve("target/models").resolve(name);
    if (!Files.exists(graph)
        || Files.getLastModifiedTime(graph).compareTo(newest(checkpoint)) < 0) {
      Files.createDirectories(graph.getParent());
      // Under a name of its own until it is whole: another process may want it at this moment.
      Path partial = Files.createTempFile(graph.getParent(), name, ".partial");
      try {
        Path prefix = checkpoint.resolve("checkpoint");
        ModelImport.write(CheckpointReader.read(prefix), DescriptionFile.beside(prefix), partial);
        Files.move(
            partial, graph, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(partial);
      }
    }
    return graph;
  }

  private static FileTime newest(Path folder) throws IOException {
    FileTime newest = FileTime.fromMillis(0);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        FileTime time = Files.getLastModifiedTime(file);
        newest = time.compareTo(newest) > 0 ? time : newest;
      }
    }
    return newest;
  }
}
