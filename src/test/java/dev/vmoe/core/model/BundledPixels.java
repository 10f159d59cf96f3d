package dev.vmoe.core.model;

import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.DecoderLimits;
import dev.vmoe.core.image.OpenCvDecoder;
import dev.vmoe.core.image.Preprocessing;
import dev.vmoe.core.moe.Resize;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** The bundled test images as the graph gets them, and the checkpoints of the bundled models. */
public final class BundledPixels {

  /** Width and height of an image. */
  public static final int SIZE = 48;

  private BundledPixels() {}

  /** Returns the checkpoint of a bundled model. */
  public static Path checkpoint(String variant) {
    return Path.of(System.getProperty("vmoe.home", "."), "src/models/characters")
        .resolve(variant)
        .resolve("checkpoint");
  }

  /** Returns the pixels of test images from a number on, (B, 48, 48, 3). */
  public static byte[] of(int first, int numImages) throws IOException {
    return decoded(BundledImages.all().subList(first, first + numImages));
  }

  /** Returns the pixels of images, (B, 48, 48, 3). */
  public static byte[] decoded(List<LabelledImage> images) throws IOException {
    ByteBuffer pixels = ByteBuffer.allocateDirect(images.size() * SIZE * SIZE * 3);
    OpenCvDecoder decoder =
        new OpenCvDecoder(
            new Preprocessing(SIZE, Resize.BILINEAR), new DecoderLimits(1 << 20, 1 << 20, 50));
    for (int place = 0; place < images.size(); place++) {
      try {
        decoder.decode(images.get(place).encoded(), pixels, place);
      } catch (BadImageException e) {
        throw new IOException(e);
      }
    }
    byte[] bytes = new byte[pixels.capacity()];
    pixels.get(0, bytes);
    return bytes;
  }
}
