package dev.vmoe.lab.sweep;

import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.moe.ModelCard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Labelled images as a model takes them: decoded, in batches, with the number of each one's class.
 *
 * <p>Axes: B images of a batch, H = W the model's image size.
 */
public final class LabelledBatches {

  /** Is given one batch after the other. */
  @FunctionalInterface
  public interface BatchReceiver {

    /**
     * Takes a batch, which is overwritten afterwards.
     *
     * @param images (B, H, W, 3) uint8, a direct buffer
     * @param classes (B) true class of each image
     * @param splits (B) part of the set that each image belongs to; empty where the set has none
     */
    void add(ByteBuffer images, int[] classes, List<String> splits);
  }

  /** Images by their number. */
  @FunctionalInterface
  public interface ImageSource {

    LabelledImage get(int number) throws IOException;
  }

  private final ModelCard card;
  private final ImageDecoder decoder;
  private final int batch;
  private final ByteBuffer images;

  /**
   * Creates batches for a model.
   *
   * @param decoder makes this model's input
   * @param batch maximum number of images of a batch
   */
  public LabelledBatches(ModelCard card, ImageDecoder decoder, int batch) {
    this.card = card;
    this.decoder = decoder;
    this.batch = batch;
    this.images = ByteBuffer.allocateDirect(batch * card.imageSize() * card.imageSize() * 3);
  }

  /**
   * Hands on images; the last batch may be smaller.
   *
   * @param count images to hand on
   * @param set gives each of them by its number
   * @param done told after each batch how many images were handed on
   * @throws IOException if an image cannot be decoded or has a class that the model does not know
   */
  public void forEach(int count, ImageSource set, BatchReceiver receiver, LongConsumer done)
      throws IOException {
    int[] classes = new int[batch];
    List<String> splits = new ArrayList<>();
    int filled = 0;
    for (int i = 0; i < count; i++) {
      LabelledImage image = set.get(i);
      classes[filled] = LabelledImages.classIn(card, image);
      splits.add(image.split());
      decode(decoder, image, images, filled++);
      if (filled == batch || i == count - 1) {
        receiver.add(images, Arrays.copyOf(classes, filled), List.copyOf(splits));
        splits.clear();
        filled = 0;
        done.accept(i + 1L);
      }
    }
  }

  /**
   * Decodes an image of a set.
   *
   * @throws IOException if it is damaged; names it
   */
  public static void decode(ImageDecoder decoder, LabelledImage image, ByteBuffer images, int slot)
      throws IOException {
    try {
      decoder.decode(image.encoded(), images, slot);
    } catch (BadImageException e) {
      throw new IOException(image.name() + ": " + e.getMessage(), e);
    }
  }
}
