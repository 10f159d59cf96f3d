package dev.vmoe.lab.sweep;

import dev.vmoe.app.dataset.ImageFiles;
import dev.vmoe.app.dataset.LabelledFile;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.dataset.LabelsCsv;
import dev.vmoe.core.moe.ModelCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Sets of labelled images. */
public final class LabelledImages {

  private LabelledImages() {}

  /**
   * Returns the files of a set, in a fixed order.
   *
   * @param path a folder with one sub-folder a class; or a CSV of file and label, with paths
   *     relative to it; or a folder that has it as {@code labels.csv}
   * @throws IOException if there is no such set; the message says what is missing
   */
  public static List<LabelledFile> files(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new IOException("no labelled images at " + path + ": it does not exist");
    }
    if (Files.isDirectory(path)) {
      Path labels = path.resolve(LabelsCsv.NAME);
      return Files.exists(labels) ? LabelsCsv.read(labels) : inFolders(path);
    }
    if (path.toString().toLowerCase(Locale.ROOT).endsWith(".csv")) {
      return LabelsCsv.read(path);
    }
    throw new IOException(path + " is neither a folder, nor a .csv");
  }

  /** Returns the images in sub-folders that have the names of classes. */
  private static List<LabelledFile> inFolders(Path root) throws IOException {
    List<LabelledFile> files = new ArrayList<>();
    for (Path folder : sorted(root)) {
      if (!Files.isDirectory(folder)) {
        continue;
      }
      String label = fileName(folder);
      for (Path file : sorted(folder)) {
        if (Files.isRegularFile(file) && ImageFiles.promisesImage(file)) {
          files.add(new LabelledFile(label + "/" + fileName(file), file, label, ""));
        }
      }
    }
    if (files.isEmpty()) {
      throw new IOException(
          "no images found in %s: expected %s, or one sub-folder a class, with files ending in %s"
              .formatted(root, LabelsCsv.NAME, ImageFiles.ENDINGS));
    }
    return files;
  }

  private static List<Path> sorted(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(child -> !fileName(child).startsWith(".")).sorted().toList();
    }
  }

  private static String fileName(Path path) {
    Path name = path.getFileName();
    return name == null ? "" : name.toString();
  }

  /**
   * Reads an image.
   *
   * @throws IOException if it cannot be read; names it
   */
  public static LabelledImage read(LabelledFile file) throws IOException {
    try {
      return file.read();
    } catch (IOException e) {
      throw new IOException("cannot read " + file.file() + ": " + e, e);
    }
  }

  /**
   * Returns the index of an image's label among a model's classes.
   *
   * @throws IOException if the model does not have this class
   */
  static int classIn(ModelCard card, LabelledImage image) throws IOException {
    int index = card.classes().indexOf(image.label());
    if (index < 0) {
      throw new IOException(
          String.format(
              "%s has the label '%s', which is not one of the model's %s",
              image.name(), image.label(), card.classesInShort()));
    }
    return index;
  }
}
