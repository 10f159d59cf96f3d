package dev.vmoe.importer.bundled;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.onnx.ModelFile;
import dev.vmoe.core.onnx.OnnxModel;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.convert.ModelImport;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of graphs that are made on first use, and made again when their sources or the code that
 * makes them are other ones. {@code NAME.made} beside a graph says of which it was made. Whether
 * they are newer does not count: an older checkpoint may come back, and the jar of a later version
 * may be older than a graph that was kept.
 */
public record GraphFolder(Path folder) {

  /** Writes a graph. */
  @FunctionalInterface
  public interface GraphWriter {
    void write(Path out) throws IOException;
  }

  /**
   * Returns a graph, made again if it was made of other sources or by other code.
   *
   * @param sources when they were changed last
   */
  public Path fresh(String name, FileTime sources, GraphWriter writer) throws IOException {
    Path graph = folder.resolve(name);
    Path stamp = folder.resolve(name + ".made");
    String made = "sources of " + sources + ", code " + code() + "\n";
    if (Files.exists(graph) && Files.exists(stamp) && Files.readString(stamp).equals(made)) {
      return graph;
    }
    Files.createDirectories(folder);
    // Made in a temporary folder, because another process may read it at this moment. The graph
    // refers to its weights by file name, so files keep their names.
    Path making = Files.createTempDirectory(folder, "making");
    try {
      writer.write(making.resolve(name));
      try (Stream<Path> files = Files.list(making)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) { // weights first
          move(file, folder.resolve(file.getFileName()));
        }
      }
      move(Files.writeString(making.resolve("made"), made), stamp);
    } finally {
      try (Stream<Path> rest = Files.walk(making)) {
        for (Path file : rest.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    return graph;
  }

  private static void move(Path file, Path to) throws IOException {
    Files.move(file, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Returns what tells the code that makes graphs from another version of it. */
  private static String code() throws IOException {
    Path code = codeOf(ModelImport.class);
    if (Files.isDirectory(code)) {
      return "compiled at "
          + Collections.max(
              List.of(
                  compiled(ModelImport.class),
                  compiled(OnnxModel.class),
                  compiled(ModelCard.class),
                  compiled(CheckpointReader.class)));
    }
    byte[] sum = ModelFile.sha256().digest(Files.readAllBytes(code));
    return "of a jar with SHA-256 " + HexFormat.of().formatHex(sum);
  }

  /** Returns when the package of a class, or the jar around it, was compiled. */
  public static FileTime compiled(Class<?> of) throws IOException {
    Path code = codeOf(of);
    return Files.isDirectory(code)
        ? newest(code.resolve(of.getPackageName().replace('.', '/')))
        : Files.getLastModifiedTime(code);
  }

  /** Returns the jar, or the folder of classes, that a class is of. */
  private static Path codeOf(Class<?> type) throws IOException {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IOException("cannot find the code that makes graphs: " + e.getMessage(), e);
    }
  }

  /** Returns when the newest file of a folder was changed. */
  static FileTime newest(Path folder) throws IOException {
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
