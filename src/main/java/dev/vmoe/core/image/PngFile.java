package dev.vmoe.core.image;

import java.util.zip.CRC32;

/** Layout of a PNG: chunks of length, type, data and checksum. */
final class PngFile extends ImageFile {

  private static final int FIRST_CHUNK = 8;

  private static final int RGB_COLOURS = 2;
  private static final int PALETTE = 3;
  private static final int WITH_ALPHA = 4;

  /** The decoder inflates each, up to 8 MB, though nobody reads it. */
  private static final int MAX_COMPRESSED_TEXTS = 20;

  /** What it keeps of each then. */
  private static final long TEXT = 8 << 20;

  /** Pictures that the decoder puts an animation's first frame together from. */
  private static final long CANVASES = 4;

  /** Length, type and checksum. */
  private static final int AROUND_DATA = 12;

  PngFile(byte[] bytes) {
    super(bytes, ImageFormat.PNG);
  }

  @Override
  Claims claims() throws BadImageException {
    if (!has("IHDR", FIRST_CHUNK + 4)) {
      require(FIRST_CHUNK, AROUND_DATA);
      throw corrupt("does not start with its header chunk");
    }
    int colourType = u8(25);
    boolean coloured = colourType == RGB_COLOURS || colourType == PALETTE;
    // OpenCV ignores a transparent grey
    boolean alpha = (colourType & WITH_ALPHA) != 0 || coloured && count("tRNS", "IDAT") > 0;
    return claimed(u32be(16), u32be(20), alpha);
  }

  /**
   * The picture, of 16 bits a sample only with alpha; canvases of an animation; a turned copy where
   * there may be an orientation.
   */
  @Override
  long pixelBytes(Claims claims) throws BadImageException {
    long sample = u8(24) > 8 ? 2 : 1;
    long pixel = claims.alpha() ? RGBA * sample : RGB;
    long canvases = count("acTL", "") * CANVASES * RGBA * sample;
    long turned = count("eXIf", "") * pixel;
    long texts = Math.min(count("zTXt", "") + count("iTXt", ""), MAX_COMPRESSED_TEXTS);
    return claims.pixels() * (pixel + canvases + turned) + TEXT * texts;
  }

  /** Returns how many chunks of a type there are before the first of another type. */
  private long count(String type, String end) throws BadImageException {
    long count = 0;
    long at = FIRST_CHUNK;
    while (at + AROUND_DATA <= bytes.length && (end.isEmpty() || !has(end, at + 4))) {
      count += has(type, at + 4) ? 1 : 0;
      at += AROUND_DATA + u32be(at);
    }
    return count;
  }

  /** Checks every chunk's checksum up to the end chunk. */
  @Override
  void requireWhole() throws BadImageException {
    boolean data = false;
    int texts = 0;
    boolean end = false;
    for (long at = FIRST_CHUNK; !end; ) {
      long length = u32be(at);
      require(at, AROUND_DATA + length);
      CRC32 checksum = new CRC32();
      checksum.update(bytes, (int) at + 4, (int) length + 4);
      if (checksum.getValue() != u32be(at + 8 + length)) {
        throw corrupt("checksum of the chunk at byte " + at + " does not match");
      }
      data |= has("IDAT", at + 4);
      texts += has("zTXt", at + 4) || has("iTXt", at + 4) ? 1 : 0;
      if (texts > MAX_COMPRESSED_TEXTS) {
        throw corrupt("more than " + MAX_COMPRESSED_TEXTS + " compressed texts");
      }
      end = has("IEND", at + 4);
      at += AROUND_DATA + length;
    }
    if (!data) {
      throw corrupt("no image data");
    }
  }
}
