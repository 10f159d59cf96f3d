package dev.vmoe.cli;

import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.modelstore.BundledModels;
import dev.vmoe.modelstore.ModelOpener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What {@code produce} sends, in order: files or the bundled test images, once or over and over.
 */
final class OutgoingImages implements Iterator<OutgoingImages.Image> {

  /** Reads the bytes of an image when its turn comes. */
  @FunctionalInterface
  interface Content {
    byte[] read() throws IOException;
  }

  /**
   * An image to send.
   *
   * @param name what a person knows it by
   * @param key the record's key
   * @param label its true class, or null
   * @param content its bytes
   */
  record Image(String name, String key, @Nullable String label, Content content) {

    /** Reads it. */
    byte[] bytes() throws IOException {
      return content.read();
    }
  }

  /** Makes an image of its place in the whole sequence, repetitions included. */
  @FunctionalInterface
  private interface Source {
    Image at(long number);
  }

  private static final long ENDLESS = Long.MAX_VALUE;

  private final Source source;
  private final long count;
  private long next;

  private OutgoingImages(Source source, long count) {
    this.source = source;
    this.count = count;
  }

  /** Returns files, each under its name. */
  static OutgoingImages files(List<Path> files, Function<Path, @Nullable String> label) {
    return new OutgoingImages(
        number -> {
          Path file = files.get((int) (number % files.size()));
          return new Image(
              file.toString(),
              file.getFileName().toString(),
              label.apply(file),
              () -> Files.readAllBytes(file));
        },
        files.size());
  }

  /** Returns the bundled test images, the n-th to be sent under {@code sample-n}, from 0. */
  static OutgoingImages sample() throws IOException {
    List<String> classes = ModelOpener.card(BundledModels.vmoe()).classes();
    List<LabelledImage> images = BundledModels.testImages(classes);
    return new OutgoingImages(
        number -> {
          LabelledImage image = images.get((int) (number % images.size()));
          String name = "sample-" + number;
          return new Image(name, name, image.label(), image::encoded);
        },
        images.size());
  }

  /** Returns this many of them, from the first again where there are fewer. */
  OutgoingImages times(long images) {
    return new OutgoingImages(source, images);
  }

  /** Returns them again and again. */
  OutgoingImages endless() {
    return new OutgoingImages(source, ENDLESS);
  }

  /** Returns how many there are, those that are sent already included. */
  long count() {
    return count;
  }

  @Override
  public boolean hasNext() {
    return next < count;
  }

  @Override
  public Image next() {
    if (!hasNext()) {
      throw new NoSuchElementException("all " + count + " images are sent");
    }
    return source.at(next++);
  }
}
