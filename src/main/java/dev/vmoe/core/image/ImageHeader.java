package dev.vmoe.core.image;

/**
 * The claims of an image file's header, read before it is decoded.
 *
 * @param width pixels of a row, as stored
 * @param height rows, as stored
 * @param alpha whether pixels have an opacity that the decoder applies
 */
record ImageHeader(ImageFormat format, int width, int height, boolean alpha) {

  /** Bytes of a decoded pixel of 8 bits a sample. */
  static final long RGB = 3;

  /** The same with alpha. */
  static final long RGBA = 4;

  /** Maximum pixels of a side. */
  static final int MAX_SIDE = 1 << 20;

  /**
   * Reads the header of any supported format.
   *
   * @throws BadImageException if the bytes are of no such format, or end before their header does
   */
  static ImageHeader of(byte[] encoded) throws BadImageException {
    return ImageFormat.of(encoded).header(encoded);
  }

  /** Returns a header with the sides as claimed, unchecked apart from being above 0. */
  static ImageHeader claimed(ImageFormat format, long width, long height, boolean alpha)
      throws BadImageException {
    if (width < 1 || height < 1) {
      throw new BadImageException(
          "%s claims %d x %d pixels".formatted(format.label(), width, height));
    }
    return new ImageHeader(
        format,
        (int) Math.min(width, Integer.MAX_VALUE),
        (int) Math.min(height, Integer.MAX_VALUE),
        alpha);
  }

  long pixels() {
    return (long) width * height;
  }

  /** Refuses an image that claims a longer side. */
  void requireSides(int maxSide) throws BadImageException {
    if (Math.max(width, height) > maxSide) {
      throw new BadImageException(
          "image claims %d x %d pixels, a side may have %d".formatted(width, height, maxSide));
    }
  }
}
