package dev.vmoe.lab.sweep;

import dev.vmoe.app.dataset.LabelledFile;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.moe.ModelCard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A sample of a labelled set in a seeded random order, decoded slice by slice: a set sorted by
 * class would otherwise make batches of one class, which crowd a few experts.
 *
 * <p>Only one slice is in memory at a time.
 */
public final class ImageSample {

  private final ModelCard card;
  private final ImageDecoder decoder;
  private final List<LabelledFile> order;
  private final int sliceImages;
  private final int imageBytes;
  private @Nullable ByteBuffer buffer;

  /**
   * Some images, decoded.
   *
   * @param images (n, H, W, 3) uint8, a direct buffer; overwritten by the next slice
   * @param classes (n) true class of each
   */
  @SuppressWarnings("ArrayRecordComponent")
  record ImageSlice(ByteBuffer images, int[] classes) {}

  /**
   * Draws a sample.
   *
   * @param path labelled images, as {@link LabelledImages#files} takes them
   * @param card model that will see them
   * @param decoder decoder for that model
   * @param skip images at the start of the set that take no part
   * @param limit images to draw; null for all
   * @param sliceImages images a slice; the last one may have fewer
   * @param seed seed of the order
   * @throws IOException if there is no such set, or nothing is left of it
   */
  public ImageSample(
      Path path,
      ModelCard card,
      ImageDecoder decoder,
      int skip,
      @Nullable Integer limit,
      int sliceImages,
      long seed)
      throws IOException {
    this.card = card;
    this.decoder = decoder;
    this.sliceImages = sliceImages;
    this.imageBytes = card.imageSize() * card.imageSize() * 3;
    List<LabelledFile> set = LabelledImages.files(path);
    int size = set.size();
    if (skip >= size) {
      throw new IOException(path + " has " + size + " images, none is left after skipping " + skip);
    }
    List<LabelledFile> all = new ArrayList<>(set.subList(skip, size));
    Collections.shuffle(all, new Random(seed));
    this.order = limit == null ? all : all.subList(0, Math.min(limit, all.size()));
  }

  /** Returns how many images were drawn. */
  public int size() {
    return order.size();
  }

  /** Returns how many slices they make. */
  int slices() {
    return (order.size() + sliceImages - 1) / sliceImages;
  }

  /** Returns how many images a whole slice has. */
  int sliceImages() {
    return Math.min(sliceImages, order.size());
  }

  /** Returns how many images a slice has. */
  int sizeOf(int slice) {
    return Math.min(sliceImages, order.size() - slice * sliceImages);
  }

  /**
   * Reads and decodes a slice.
   *
   * @throws IOException if the set cannot be read, an image is damaged, or has a class that the
   *     model does not know
   */
  ImageSlice slice(int number) throws IOException {
    int first = number * sliceImages;
    int count = sizeOf(number);
    if (buffer == null) {
      buffer = ByteBuffer.allocateDirect(sliceImages() * imageBytes);
    }
    ByteBuffer images = buffer;
    int[] classes = new int[count];
    for (int slot = 0; slot < count; slot++) {
      LabelledImage image = LabelledImages.read(order.get(first + slot));
      classes[slot] = LabelledImages.classIn(card, image);
      LabelledBatches.decode(decoder, image, images, slot);
    }
    return new ImageSlice(images, classes);
  }
}
