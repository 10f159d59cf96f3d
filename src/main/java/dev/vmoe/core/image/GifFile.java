package dev.vmoe.core.image;

/** Layout of a GIF: a screen, then extensions and frames as chains of blocks, then a trailer. */
final class GifFile extends ImageFile {

  private static final int SCREEN_END = 13;
  private static final int EXTENSION = 0x21;
  private static final int FRAME = 0x2c;
  private static final int TRAILER = 0x3b;
  private static final int GRAPHIC_CONTROL = 0xf9;

  /** What the decoder keeps of a pixel beside the picture: screen and index. */
  private static final long KEPT = RGBA + 1;

  /** Its table of codes, at its largest. */
  private static final long CODES = 8 << 20;

  GifFile(byte[] bytes) {
    super(bytes, ImageFormat.GIF);
  }

  /**
   * What is said of the first frame before it.
   *
   * @param transparent whether a colour is transparent
   * @param disposedOf whether the screen is to be as before, once it has been shown
   */
  private record FirstFrame(boolean transparent, boolean disposedOf) {}

  private FirstFrame firstFrame() throws BadImageException {
    int firstFlags = -1;
    boolean disposedOf = false;
    long at = blocksStart();
    while (at + 4 <= bytes.length && u8(at) == EXTENSION) {
      if (u8(at + 1) == GRAPHIC_CONTROL) {
        int flags = u8(at + 3);
        firstFlags = firstFlags < 0 ? flags : firstFlags;
        disposedOf |= (flags >> 2 & 7) > 1;
      }
      at = blockEnd(at);
    }
    return new FirstFrame(firstFlags >= 0 && (firstFlags & 1) != 0, disposedOf);
  }

  @Override
  Claims claims() throws BadImageException {
    return claimed(u16le(6), u16le(8), firstFrame().transparent());
  }

  /**
   * The picture, screen and indices, and what was there before the first frame, if it comes back.
   * Frames lie within the screen, so the screen's size counts for all.
   */
  @Override
  long pixelBytes(Claims claims) throws BadImageException {
    long picture = claims.alpha() ? RGBA : RGB;
    long before = firstFrame().disposedOf() ? RGBA : 0;
    return claims.pixels() * (picture + KEPT + before) + CODES;
  }

  /** Checks all frames up to the trailer. */
  @Override
  void requireWhole() throws BadImageException {
    boolean frame = false;
    long at = blocksStart();
    while (u8(at) != TRAILER) {
      frame |= u8(at) == FRAME;
      at = blockEnd(at);
    }
    if (!frame) {
      throw corrupt("no frame");
    }
  }

  private long blocksStart() throws BadImageException {
    return SCREEN_END + colourTableBytes(u8(10));
  }

  /** Returns where the extension or frame at {@code at} ends. */
  private long blockEnd(long at) throws BadImageException {
    long data =
        switch (u8(at)) {
          case EXTENSION -> at + 2;
          case FRAME -> at + 11 + colourTableBytes(u8(at + 9));
          default -> throw corrupt("unknown block at byte " + at);
        };
    while (u8(data) != 0) {
      data += 1 + u8(data);
    }
    return data + 1;
  }

  private static int colourTableBytes(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }
}
