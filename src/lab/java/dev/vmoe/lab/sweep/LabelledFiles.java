package dev.vmoe.lab.sweep;

import dev.vmoe.app.dataset.ImageFiles;
import dev.vmoe.app.dataset.LabelledFile;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.dataset.LabelsCsv;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** Labelled images, each in a file that is read when its turn comes. */
final class LabelledFiles implements LabelledImages {

  private final List<LabelledFile> entries;
  private final Iterator<LabelledFile> left;

  private LabelledFiles(List<LabelledFile> entries) {
    this.entries = entries;
    this.left = entries.iterator();
  }

  /** Opens a folder whose sub-folders have the names of classes and hold their images. */
  static LabelledFiles ofFolders(Path root) throws IOException {
    List<LabelledFile> entries = new ArrayList<>();
    for (Path folder : sorted(root)) {
      if (!Files.isDirectory(folder)) {
        continue;
      }
      String label = fileName(folder);
      for (Path file : sorted(folder)) {
        if (Files.isRegularFile(file) && ImageFiles.promisesImage(file)) {
          entries.add(new LabelledFile(label + "/" + fileName(file), file, label, ""));
        }
      }
    }
    if (entries.isEmpty()) {
      throw new IOException(
          "no images found in %s: expected %s, or one sub-folder a class, with files ending in %s"
              .formatted(root, LabelsCsv.NAME, ImageFiles.ENDINGS));
    }
    return new LabelledFiles(entries);
  }

  /** Opens a CSV, as {@link LabelsCsv#read} takes it. */
  static LabelledFiles ofCsv(Path csv) throws IOException {
    return new LabelledFiles(LabelsCsv.read(csv));
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public boolean hasNext() {
    return left.hasNext();
  }

  @Override
  public LabelledImage next() {
    LabelledFile entry = left.next();
    try {
      return entry.read();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + entry.file(), e);
    }
  }

  @Override
  public void skip(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      if (!left.hasNext()) {
        throw new IOException("cannot skip " + count + " images: the set has " + entries.size());
      }
      left.next();
    }
  }

  /** Does nothing: files are open only while they are read. */
  @Override
  public void close() {}

  private static List<Path> sorted(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(child -> !fileName(child).startsWith(".")).sorted().toList();
    }
  }

  private static String fileName(Path path) {
    Path name = path.getFileName();
    return name == null ? "" : name.toString();
  }
}
