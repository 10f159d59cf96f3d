package dev.vmoe.core.image;

import java.util.zip.CRC32;

/** Layout of a PNG: chunks of length, type, data and checksum. */
final class PngFile {

  private static final int FIRST_CHUNK = 8;

  private static final int RGB = 2;
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

  private PngFile() {}

  static ImageHeader header(EncodedBytes bytes) throws BadImageException {
    if (!bytes.has("IHDR", FIRST_CHUNK + 4)) {
      bytes.require(FIRST_CHUNK, AROUND_DATA);
      throw bytes.corrupt("does not start with its header chunk");
    }
    int colourType = bytes.u8(25);
    return ImageHeader.claimed(
        ImageFormat.PNG,
        bytes.u32be(16),
        bytes.u32be(20),
        (colourType & WITH_ALPHA) != 0 || hasTransparentColour(bytes, colourType));
  }

  /**
   * The picture, of 16 bits a sample only with alpha; canvases of an animation; a turned copy where
   * there may be an orientation.
   */
  static long pixelBytes(EncodedBytes bytes, ImageHeader header) throws BadImageException {
    long sample = bytes.u8(24) > 8 ? 2 : 1;
    long pixel = header.alpha() ? ImageHeader.RGBA * sample : ImageHeader.RGB;
    long all = pixel;
    long texts = 0;
    long at = FIRST_CHUNK;
    while (at + AROUND_DATA <= bytes.length()) {
      if (bytes.has("acTL", at + 4)) {
        all += CANVASES * ImageHeader.RGBA * sample;
      } else if (bytes.has("eXIf", at + 4)) {
        all += pixel;
      } else if (isCompressedText(bytes, at)) {
        texts++;
      }
      at += AROUND_DATA + bytes.u32be(at);
    }
    return header.pixels() * all + TEXT * Math.min(texts, MAX_COMPRESSED_TEXTS);
  }

  private static boolean isCompressedText(EncodedBytes bytes, long chunk) {
    return bytes.has("zTXt", chunk + 4) || bytes.has("iTXt", chunk + 4);
  }

  /** Checks every chunk's checksum up to the end chunk. */
  static void requireWhole(EncodedBytes bytes) throws BadImageException {
    boolean data = false;
    int texts = 0;
    long at = FIRST_CHUNK;
    while (true) {
      long length = bytes.u32be(at);
      bytes.require(at, AROUND_DATA + length);
      CRC32 checksum = new CRC32();
      checksum.update(bytes.array(), (int) at + 4, (int) length + 4);
      if (checksum.getValue() != bytes.u32be(at + 8 + length)) {
        throw bytes.corrupt("checksum of the chunk at byte " + at + " does not match");
      }
      data |= bytes.has("IDAT", at + 4);
      if (isCompressedText(bytes, at) && ++texts > MAX_COMPRESSED_TEXTS) {
        throw bytes.corrupt("more than " + MAX_COMPRESSED_TEXTS + " compressed texts");
      }
      if (bytes.has("IEND", at + 4)) {
        break;
      }
      at += AROUND_DATA + length;
    }
    if (!data) {
      throw bytes.corrupt("no image data");
    }
  }

  /** Returns whether a colour is transparent; OpenCV ignores a transparent grey. */
  private static boolean hasTransparentColour(EncodedBytes bytes, int colourType)
      throws BadImageException {
    if (colourType != RGB && colourType != PALETTE) {
      return false;
    }
    long at = FIRST_CHUNK;
    while (at + AROUND_DATA <= bytes.length() && !bytes.has("IDAT", at + 4)) {
      if (bytes.has("tRNS", at + 4)) {
        return true;
      }
      at += AROUND_DATA + bytes.u32be(at);
    }
    return false;
  }
}
