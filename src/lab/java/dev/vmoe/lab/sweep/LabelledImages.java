package dev.vmoe.lab.sweep;

import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.dataset.LabelsCsv;
import dev.vmoe.core.moe.ModelCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A set of labelled images, read one at a time in a fixed order; open it again to read it again.
 *
 * <p>{@link #next()} throws {@link java.io.UncheckedIOException} where a file cannot be read.
 */
public interface LabelledImages extends Iterator<LabelledImage>, AutoCloseable {

  /** Returns how many images the set has. */
  int size();

  /**
   * Skips images without decoding them.
   *
   * @param count images to skip
   * @throws IOException if fewer images are left
   */
  void skip(int count) throws IOException;

  @Override
  void close() throws IOException;

  /** Takes images of a set. */
  @FunctionalInterface
  interface ImageReceiver {

    /**
     * Takes an image.
     *
     * @param place index of its number in the requested list
     */
    void add(int place, LabelledImage image) throws IOException;
  }

  /**
   * Reads some images of a set in one pass: in the order of the set, not of the list.
   *
   * @param path the set, as {@link #open} takes it
   * @param numbers of images within the set, from 0, without repetition
   */
  static void readAt(
      Path path, List<String> classNames, List<Integer> numbers, ImageReceiver receiver)
      throws IOException {
    List<Integer> places =
        IntStream.range(0, numbers.size())
            .boxed()
            .sorted(Comparator.comparing(numbers::get))
            .toList();
    try (LabelledImages set = open(path, classNames)) {
      int next = 0;
      for (int place : places) {
        set.skip(numbers.get(place) - next);
        next = numbers.get(place) + 1;
        receiver.add(place, set.next());
      }
    }
  }

  /**
   * Opens a set of one of three kinds: a folder with one sub-folder a class; a CSV of file and
   * label, with paths relative to it, or a folder that has it as {@code labels.csv}; a pair of IDX
   * files, given by the one with images or by their folder.
   *
   * @param classNames names of the classes that IDX files have as numbers; if empty, the label is
   *     the number itself
   * @throws IOException if there is no such set; the message says what is missing
   */
  static LabelledImages open(Path path, List<String> classNames) throws IOException {
    if (!Files.exists(path)) {
      throw new IOException("no labelled images at " + path + ": it does not exist");
    }
    if (Files.isDirectory(path)) {
      List<Path> idx = IdxImages.imageFilesIn(path);
      if (idx.size() > 1) {
        throw new IOException(path + " holds several sets, name one of them: " + idx);
      }
      if (!idx.isEmpty()) {
        return IdxImages.open(idx.get(0), classNames);
      }
      Path labels = path.resolve(LabelsCsv.NAME);
      return Files.exists(labels) ? LabelledFiles.ofCsv(labels) : LabelledFiles.ofFolders(path);
    }
    if (IdxImages.isImageFile(path)) {
      return IdxImages.open(path, classNames);
    }
    if (path.toString().toLowerCase(Locale.ROOT).endsWith(".csv")) {
      return LabelledFiles.ofCsv(path);
    }
    throw new IOException(path + " is neither a folder, nor a .csv, nor an images-idx3-ubyte file");
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
