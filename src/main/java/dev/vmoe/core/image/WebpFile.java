package dev.vmoe.core.image;

/** Layout of a WebP: a RIFF container of chunks, padded to even lengths. */
final class WebpFile extends ImageFile {

  private static final int FIRST_CHUNK = 12;
  private static final int EXTENDED_ALPHA = 0x10;
  private static final int EXTENDED_EXIF = 0x08;
  private static final int EXTENDED_ANIMATION = 0x02;

  /** Pictures of four samples that the decoder puts an animation's first frame together from. */
  private static final long CANVASES = 3;

  WebpFile(byte[] bytes) {
    super(bytes, ImageFormat.WEBP);
  }

  @Override
  Claims claims() throws BadImageException {
    if (has("VP8X", FIRST_CHUNK)) {
      return claimed(1L + u24le(24), 1L + u24le(27), (u8(20) & EXTENDED_ALPHA) != 0);
    }
    if (has("VP8L", FIRST_CHUNK)) {
      long bits = u32le(21);
      return claimed(1 + (bits & 0x3fff), 1 + (bits >> 14 & 0x3fff), (bits >> 28 & 1) != 0);
    }
    if (has("VP8 ", FIRST_CHUNK)) {
      return claimed(u16le(26) & 0x3fff, u16le(28) & 0x3fff, false);
    }
    require(FIRST_CHUNK, 8);
    throw corrupt("unknown first chunk");
  }

  /**
   * The picture; the lossless part's own pixels, and the plane of alpha; canvases of an animation;
   * a turned copy where there is an orientation.
   */
  @Override
  long pixelBytes(Claims claims) throws BadImageException {
    long picture = claims.alpha() ? RGBA : RGB;
    if (has("VP8 ", FIRST_CHUNK)) {
      return claims.pixels() * picture;
    }
    long lossless = RGBA + 1;
    if (has("VP8L", FIRST_CHUNK)) {
      return claims.pixels() * (picture + lossless);
    }
    int flags = u8(20);
    long all = picture;
    if ((flags & EXTENDED_ANIMATION) != 0) {
      all += CANVASES * RGBA + lossless;
    } else if (hasAlphaOrLossless()) {
      all += RGBA + lossless; // read with alpha, then without, if the header has none
    }
    if ((flags & EXTENDED_EXIF) != 0) {
      all += picture;
    }
    return claims.pixels() * all;
  }

  private int u24le(long at) throws BadImageException {
    return u16le(at) | u8(at + 2) << 16;
  }

  private boolean hasAlphaOrLossless() throws BadImageException {
    long at = FIRST_CHUNK;
    while (at + 8 <= bytes.length) {
      if (has("VP8L", at) || has("ALPH", at)) {
        return true;
      }
      long length = u32le(at + 4);
      at += 8 + length + (length & 1);
    }
    return false;
  }

  /** Checks the chunks up to the end that the container states. */
  @Override
  void requireWhole() throws BadImageException {
    long end = 8 + u32le(4);
    require(0, end);
    boolean picture = false;
    long at = FIRST_CHUNK;
    while (at + 8 <= end) {
      picture |= has("VP8", at) && !has("VP8X", at) || has("ANMF", at);
      long length = u32le(at + 4);
      require(at + 8, length);
      at += 8 + length + (length & 1);
    }
    if (!picture) {
      throw corrupt("no picture");
    }
  }
}
