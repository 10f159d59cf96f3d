package dev.vmoe.app.client;

import dev.vmoe.app.dataset.LabelledImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** Images to send, in order: files or labelled images, once or again and again. */
public final class OutgoingImages implements Iterator<OutgoingImages.OutgoingImage> {

  /** Reads the bytes of an image when it is sent. */
  @FunctionalInterface
  public interface Content {
    byte[] read() throws IOException;
  }

  /**
   * An image to send.
   *
   * @param name for messages to people
   * @param key the record's key
   * @param label its true class; null if unknown
   * @param content reads its bytes
   */
  public record OutgoingImage(String name, String key, @Nullable String label, Content content) {

    /** Returns the bytes. */
    public byte[] bytes() throws IOException {
      return content.read();
    }
  }

  private static final long ENDLESS = Long.MAX_VALUE;

  /** Returns the image at a place of the whole sequence, repetitions included. */
  private final LongFunction<OutgoingImage> source;

  private final long count;
  private long next;

  private OutgoingImages(LongFunction<OutgoingImage> source, long count) {
    this.source = source;
    this.count = count;
  }

  /** Returns images of files; the key is the file's name. */
  public static OutgoingImages files(List<Path> files, Function<Path, @Nullable String> label) {
    return new OutgoingImages(
        number -> {
          Path file = files.get((int) (number % files.size()));
          return new OutgoingImage(
              file.toString(),
              file.getFileName().toString(),
              label.apply(file),
              () -> Files.readAllBytes(file));
        },
        files.size());
  }

  /** Returns labelled images; the n-th to be sent, from 0, has the key {@code sample-n}. */
  public static OutgoingImages sample(List<LabelledImage> images) {
    return new OutgoingImages(
        number -> {
          LabelledImage image = images.get((int) (number % images.size()));
          String name = "sample-" + number;
          return new OutgoingImage(name, name, image.label(), image::encoded);
        },
        images.size());
  }

  /** Returns this many images, starting again from the first as often as needed. */
  public OutgoingImages times(long images) {
    return new OutgoingImages(source, images);
  }

  /** Returns the images again and again. */
  public OutgoingImages endless() {
    return new OutgoingImages(source, ENDLESS);
  }

  /** Returns the number of all images, including those that were already returned. */
  public long count() {
    return count;
  }

  @Override
  public boolean hasNext() {
    return next < count;
  }

  @Override
  public OutgoingImage next() {
    if (!hasNext()) {
      throw new NoSuchElementException("all " + count + " images are sent");
    }
    return source.apply(next++);
  }
}
