package dev.vmoe.core.image;

/** Layout of a JPEG: marker segments, and entropy-coded scans between them. */
final class JpegFile extends ImageFile {

  private static final int EXIF = 0xe1;
  private static final int SCAN = 0xda;
  private static final int END = 0xd9;

  /** Bytes of the coefficients of 8 x 8 samples. */
  private static final long BLOCK = 128;

  /** Maximum of any image; progressive ones have about ten. */
  private static final int MAX_SCANS = 500;

  /** Allowed for images of any size. */
  private static final int MIN_SCANS = 20;

  /** Each scan costs a pass over all pixels, however few its bytes: 20 scans of 64 megapixels. */
  private static final long MAX_SCANNED_PIXELS = 1_280_000_000L;

  JpegFile(byte[] bytes) {
    super(bytes, ImageFormat.JPEG);
  }

  @Override
  Claims claims() throws BadImageException {
    long at = marker(2);
    while (!isFrame(u8(at))) {
      at = marker(next(at));
    }
    return claimed(u16be(at + 6), u16be(at + 4), false);
  }

  /**
   * The picture, and beside it the coefficients of the whole image where they come in several
   * scans, then a turned copy where there may be an orientation.
   */
  @Override
  long pixelBytes(Claims claims) throws BadImageException {
    long picture = RGB * claims.pixels();
    long frame = 0;
    boolean exif = false;
    long at = marker(2);
    while (u8(at) != SCAN && u8(at) != END) {
      exif |= u8(at) == EXIF;
      frame = frame == 0 && isFrame(u8(at)) ? at : frame;
      at = marker(next(at));
    }
    boolean several =
        u8(at) == SCAN && frame > 0 && (!isSequential(u8(frame)) || u8(at + 3) < u8(frame + 8));
    long coefficients = several ? coefficients(frame, claims) : 0;
    return picture + Math.max(coefficients, exif ? picture : 0);
  }

  /** Returns the bytes of all blocks: each component has its own, by its sampling factors. */
  private long coefficients(long frame, Claims claims) throws BadImageException {
    int components = u8(frame + 8);
    int maxAcross = 1;
    int maxDown = 1;
    for (int i = 0; i < components; i++) {
      int factors = u8(frame + 10 + 3L * i);
      maxAcross = Math.max(maxAcross, factors >> 4);
      maxDown = Math.max(maxDown, factors & 15);
    }
    long coefficients = 0;
    for (int i = 0; i < components; i++) {
      int factors = u8(frame + 10 + 3L * i);
      coefficients +=
          blocks(claims.width(), factors >> 4, maxAcross)
              * blocks(claims.height(), factors & 15, maxDown)
              * BLOCK;
    }
    return coefficients;
  }

  /** Returns the blocks of a component along a side, in whole units of the image. */
  private static long blocks(int side, int factor, int maxFactor) {
    int own = Math.max(1, factor);
    long blocks = ((long) side * own + 8L * maxFactor - 1) / (8L * maxFactor);
    return (blocks + own - 1) / own * own;
  }

  /** Returns whether a frame's image comes in one scan, if that has all components. */
  private static boolean isSequential(int code) {
    return code == 0xc0 || code == 0xc1 || code == 0xc9;
  }

  /** A truncated image lacks its end marker; the decoder would fill it with grey. */
  @Override
  void requireWhole() throws BadImageException {
    int scans = 0;
    int maxScans = maxScans(claims().pixels());
    long at = marker(2);
    while (u8(at) != END) {
      if (u8(at) == SCAN && ++scans > maxScans) {
        throw corrupt("more than " + maxScans + " scans");
      }
      at = marker(next(at));
    }
    if (scans == 0) {
      throw corrupt("no scan before the end marker");
    }
  }

  /** Returns the maximum scans of an image with this many pixels. */
  static int maxScans(long pixels) {
    return (int) Math.max(MIN_SCANS, Math.min(MAX_SCANS, MAX_SCANNED_PIXELS / pixels));
  }

  /** Returns the position of the code of the next marker from {@code at} on. */
  private long marker(long at) throws BadImageException {
    require(at, 2);
    for (int i = (int) at; i + 1 < bytes.length; i++) {
      if (bytes[i] == (byte) 0xff) {
        int code = bytes[i + 1] & 0xff;
        boolean restart = code >= 0xd0 && code <= 0xd7;
        if (code != 0 && code != 0xff && code != 1 && !restart) {
          return i + 1L;
        }
      }
    }
    throw new BadImageException(
        "truncated JPEG: has %d bytes and no end marker".formatted(bytes.length));
  }

  /** Returns the end of the segment whose marker code is at {@code at}. */
  private long next(long at) throws BadImageException {
    if (u8(at) == END) {
      throw corrupt("ends before its frame header");
    }
    int length = u16be(at + 1);
    if (length < 2) {
      throw corrupt("segment of " + length + " bytes at byte " + at);
    }
    return at + 1 + length;
  }

  private static boolean isFrame(int code) {
    return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
  }
}
