package dev.vmoe.core.image;

import java.nio.ByteBuffer;

/** Brings a decoded image to the model's size. */
interface Resizer {

  /**
   * Writes the resized image; neither buffer's position is read or changed.
   *
   * @param source (height, width, 3) uint8
   * @param target receives (imageSize, imageSize, 3) uint8
   * @param offset byte of {@code target} where the first pixel goes
   */
  void resize(ByteBuffer source, int width, int height, ByteBuffer target, int offset);

  /** Returns the maximum pixels of a side of a source. */
  default int maxSide() {
    return 1 << 20;
  }

  static Resizer of(Preprocessing preprocessing) {
    int size = preprocessing.imageSize();
    return switch (preprocessing.resize().filter()) {
      case BILINEAR -> new BilinearResizer(size);
      case AREA -> new AreaResizer(size);
      case PIL_BILINEAR, PIL_BICUBIC -> new PilResizer(size, preprocessing.resize());
    };
  }
}
