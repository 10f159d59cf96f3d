package dev.vmoe.image;

/** Layout of a JPEG: marker segments, and entropy-coded scans between them. */
final class JpegFile {

  private static final int SCAN = 0xda;
  private static final int END = 0xd9;

  /** Maximum of any image; progressive ones have about ten. */
  private static final int MAX_SCANS = 500;

  /** Allowed for images of any size. */
  private static final int MIN_SCANS = 20;

  /** Each scan costs a pass over all pixels, however few its bytes: 20 scans of 64 megapixels. */
  private static final long MAX_SCANNED_PIXELS = 1_280_000_000L;

  private JpegFile() {}

  static ImageHeader header(EncodedBytes bytes) throws BadImageException {
    long at = marker(bytes, 2);
    while (!isFrame(bytes.u8(at))) {
      at = marker(bytes, next(bytes, at));
    }
    return ImageHeader.claimed(ImageFormat.JPEG, bytes.u16be(at + 6), bytes.u16be(at + 4), false);
  }

  /** A truncated image lacks its end marker; the decoder would fill it with grey. */
  static void requireWhole(EncodedBytes bytes) throws BadImageException {
    int scans = 0;
    int maxScans = maxScans(header(bytes).pixels());
    long at = marker(bytes, 2);
    while (bytes.u8(at) != END) {
      if (bytes.u8(at) == SCAN && ++scans > maxScans) {
        throw bytes.corrupt("more than " + maxScans + " scans");
      }
      at = marker(bytes, next(bytes, at));
    }
    if (scans == 0) {
      throw bytes.corrupt("no scan before the end marker");
    }
  }

  /** Returns the maximum scans of an image with this many pixels. */
  static int maxScans(long pixels) {
    return (int) Math.max(MIN_SCANS, Math.min(MAX_SCANS, MAX_SCANNED_PIXELS / pixels));
  }

  /** Returns the position of the code of the next marker from {@code at} on. */
  private static long marker(EncodedBytes bytes, long at) throws BadImageException {
    byte[] array = bytes.array();
    bytes.require(at, 2);
    for (int i = (int) at; i + 1 < array.length; i++) {
      if (array[i] == (byte) 0xff) {
        int code = array[i + 1] & 0xff;
        boolean restart = code >= 0xd0 && code <= 0xd7;
        if (code != 0 && code != 0xff && code != 1 && !restart) {
          return i + 1L;
        }
      }
    }
    throw new BadImageException(
        "truncated JPEG: has %d bytes and no end marker".formatted(array.length));
  }

  /** Returns the end of the segment whose marker code is at {@code at}. */
  private static long next(EncodedBytes bytes, long at) throws BadImageException {
    if (bytes.u8(at) == END) {
      throw bytes.corrupt("ends before its frame header");
    }
    int length = bytes.u16be(at + 1);
    if (length < 2) {
      throw bytes.corrupt("segment of " + length + " bytes at byte " + at);
    }
    return at + 1 + length;
  }

  private static boolean isFrame(int code) {
    return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
  }
}
