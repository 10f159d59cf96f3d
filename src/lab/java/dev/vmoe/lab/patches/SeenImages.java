package dev.vmoe.lab.patches;

import dev.vmoe.app.dataset.FileDecoder;
import dev.vmoe.app.dataset.LabelledFile;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.lab.sweep.LabelledBatches;
import dev.vmoe.lab.sweep.LabelledImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Decodes images one by one for a model. */
public final class SeenImages {

  private final ModelCard card;
  private final ImageDecoder decoder;
  private final FileDecoder files;
  private final ByteBuffer slot;

  /**
   * Creates a source of images.
   *
   * @param decoder makes this model's input
   * @param maxBytes larger files are not even read
   */
  public SeenImages(ModelCard card, ImageDecoder decoder, int maxBytes) {
    this.card = card;
    this.decoder = decoder;
    this.files = new FileDecoder(decoder, maxBytes);
    this.slot = ByteBuffer.allocateDirect(card.imageSize() * card.imageSize() * 3);
  }

  /**
   * Returns the image in a file.
   *
   * @throws BadImageException if the file cannot be read or is no image; does not name it
   */
  public SeenImage read(Path file) throws BadImageException {
    files.decode(file, slot, 0);
    return new SeenImage(file.toString(), null, pixels());
  }

  /**
   * Returns images of a labelled set, drawn at random and in the order they were drawn.
   *
   * @param path labelled images, as {@link LabelledImages#files} takes them
   * @param count images to draw; all if there are fewer
   * @throws IOException if there is no such set, or an image is damaged; names it
   */
  public List<SeenImage> draw(Path path, int count, long seed) throws IOException {
    List<LabelledFile> files = new ArrayList<>(LabelledImages.files(path));
    Collections.shuffle(files, new Random(seed));
    List<SeenImage> images = new ArrayList<>();
    for (LabelledFile file : files.subList(0, Math.min(count, files.size()))) {
      LabelledImage image = LabelledImages.read(file);
      LabelledBatches.decode(decoder, image, slot, 0);
      images.add(new SeenImage(image.name(), image.label(), pixels()));
    }
    return images;
  }

  private byte[] pixels() {
    byte[] pixels = new byte[slot.capacity()];
    slot.get(0, pixels);
    return pixels;
  }
}
