package dev.vmoe.core.image;

/** Layout of a WebP: a RIFF container of chunks, padded to even lengths. */
final class WebpFile {

  private static final int FIRST_CHUNK = 12;
  private static final int EXTENDED_ALPHA = 0x10;
  private static final int EXTENDED_EXIF = 0x08;
  private static final int EXTENDED_ANIMATION = 0x02;

  /** Pictures of four samples that the decoder puts an animation's first frame together from. */
  private static final long CANVASES = 3;

  private WebpFile() {}

  static ImageHeader header(EncodedBytes bytes) throws BadImageException {
    if (bytes.has("VP8X", FIRST_CHUNK)) {
      return ImageHeader.claimed(
          ImageFormat.WEBP,
          1L + bytes.u24le(24),
          1L + bytes.u24le(27),
          (bytes.u8(20) & EXTENDED_ALPHA) != 0);
    }
    if (bytes.has("VP8L", FIRST_CHUNK)) {
      long bits = bytes.u32le(21);
      return ImageHeader.claimed(
          ImageFormat.WEBP, 1 + (bits & 0x3fff), 1 + (bits >> 14 & 0x3fff), (bits >> 28 & 1) != 0);
    }
    if (bytes.has("VP8 ", FIRST_CHUNK)) {
      return ImageHeader.claimed(
          ImageFormat.WEBP, bytes.u16le(26) & 0x3fff, bytes.u16le(28) & 0x3fff, false);
    }
    bytes.require(FIRST_CHUNK, 8);
    throw bytes.corrupt("unknown first chunk");
  }

  /**
   * The picture; the lossless part's own pixels, and the plane of alpha; canvases of an animation;
   * a turned copy where there is an orientation.
   */
  static long pixelBytes(EncodedBytes bytes, ImageHeader header) throws BadImageException {
    long picture = header.alpha() ? ImageHeader.RGBA : ImageHeader.RGB;
    if (bytes.has("VP8 ", FIRST_CHUNK)) {
      return header.pixels() * picture;
    }
    long lossless = ImageHeader.RGBA + 1;
    if (bytes.has("VP8L", FIRST_CHUNK)) {
      return header.pixels() * (picture + lossless);
    }
    int flags = bytes.u8(20);
    long all = picture;
    if ((flags & EXTENDED_ANIMATION) != 0) {
      all += CANVASES * ImageHeader.RGBA + lossless;
    } else if (hasAlphaOrLossless(bytes)) {
      all += ImageHeader.RGBA + lossless; // read with alpha, then without, if the header has none
    }
    if ((flags & EXTENDED_EXIF) != 0) {
      all += picture;
    }
    return header.pixels() * all;
  }

  private static boolean hasAlphaOrLossless(EncodedBytes bytes) throws BadImageException {
    long at = FIRST_CHUNK;
    while (at + 8 <= bytes.length()) {
      if (bytes.has("VP8L", at) || bytes.has("ALPH", at)) {
        return true;
      }
      long length = bytes.u32le(at + 4);
      at += 8 + length + (length & 1);
    }
    return false;
  }

  /** Checks the chunks up to the end that the container states. */
  static void requireWhole(EncodedBytes bytes) throws BadImageException {
    long end = 8 + bytes.u32le(4);
    bytes.require(0, end);
    boolean picture = false;
    long at = FIRST_CHUNK;
    while (at + 8 <= end) {
      picture |= bytes.has("VP8", at) && !bytes.has("VP8X", at) || bytes.has("ANMF", at);
      long length = bytes.u32le(at + 4);
      bytes.require(at + 8, length);
      at += 8 + length + (length & 1);
    }
    if (!picture) {
      throw bytes.corrupt("no picture");
    }
  }
}
