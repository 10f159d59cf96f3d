package dev.vmoe.core.image;

/** Layout of a GIF: a screen, then extensions and frames as chains of blocks, then a trailer. */
final class GifFile {

  private static final int SCREEN_END = 13;
  private static final int EXTENSION = 0x21;
  private static final int FRAME = 0x2c;
  private static final int TRAILER = 0x3b;
  private static final int GRAPHIC_CONTROL = 0xf9;

  /** What the decoder keeps of a pixel beside the picture: screen and index. */
  private static final long KEPT = ImageHeader.RGBA + 1;

  /** Its table of codes, at its largest. */
  private static final long CODES = 8 << 20;

  private GifFile() {}

  /**
   * The picture, screen and indices, and what was there before the first frame, if it comes back.
   * Frames lie within the screen, so the screen's size counts for all.
   */
  static long pixelBytes(EncodedBytes bytes, ImageHeader header) throws BadImageException {
    long picture = header.alpha() ? ImageHeader.RGBA : ImageHeader.RGB;
    long before = isDisposedOf(bytes) ? ImageHeader.RGBA : 0;
    return header.pixels() * (picture + KEPT + before) + CODES;
  }

  static ImageHeader header(EncodedBytes bytes) throws BadImageException {
    return ImageHeader.claimed(
        ImageFormat.GIF, bytes.u16le(6), bytes.u16le(8), hasTransparentColour(bytes));
  }

  /** Checks all frames up to the trailer. */
  static void requireWhole(EncodedBytes bytes) throws BadImageException {
    boolean frame = false;
    long at = blocksStart(bytes);
    while (bytes.u8(at) != TRAILER) {
      frame |= bytes.u8(at) == FRAME;
      at = blockEnd(bytes, at);
    }
    if (!frame) {
      throw bytes.corrupt("no frame");
    }
  }

  /** Returns whether the screen is to be as before, once the first frame has been shown. */
  private static boolean isDisposedOf(EncodedBytes bytes) throws BadImageException {
    boolean disposedOf = false;
    long at = blocksStart(bytes);
    while (at + 4 <= bytes.length() && bytes.u8(at) == EXTENSION) {
      disposedOf |= bytes.u8(at + 1) == GRAPHIC_CONTROL && (bytes.u8(at + 3) >> 2 & 7) > 1;
      at = blockEnd(bytes, at);
    }
    return disposedOf;
  }

  private static boolean hasTransparentColour(EncodedBytes bytes) throws BadImageException {
    long at = blocksStart(bytes);
    while (at + 4 <= bytes.length() && bytes.u8(at) == EXTENSION) {
      if (bytes.u8(at + 1) == GRAPHIC_CONTROL) {
        return (bytes.u8(at + 3) & 1) != 0;
      }
      at = blockEnd(bytes, at);
    }
    return false;
  }

  private static long blocksStart(EncodedBytes bytes) throws BadImageException {
    return SCREEN_END + colourTableBytes(bytes.u8(10));
  }

  /** Returns where the extension or frame at {@code at} ends. */
  private static long blockEnd(EncodedBytes bytes, long at) throws BadImageException {
    long data =
        switch (bytes.u8(at)) {
          case EXTENSION -> at + 2;
          case FRAME -> at + 11 + colourTableBytes(bytes.u8(at + 9));
          default -> throw bytes.corrupt("unknown block at byte " + at);
        };
    while (bytes.u8(data) != 0) {
      data += 1 + bytes.u8(data);
    }
    return data + 1;
  }

  private static int colourTableBytes(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }
}
