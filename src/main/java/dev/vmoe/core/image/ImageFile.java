package dev.vmoe.core.image;

import java.util.HexFormat;

/**
 * The layout of an encoded image, read without decoding it: what it claims, and whether it is
 * whole. Nothing is allocated for what it claims. Reading past its end is a bad image.
 */
abstract class ImageFile {

  /** Bytes of a decoded pixel of 8 bits a sample. */
  static final long RGB = 3;

  /** The same with alpha. */
  static final long RGBA = 4;

  private static final int SHOWN_BYTES = 8;

  final byte[] bytes;
  private final String label;

  /**
   * The claims of a file.
   *
   * @param width pixels of a row, as stored
   * @param height rows, as stored
   * @param alpha whether pixels have an opacity that the decoder applies
   */
  record Claims(int width, int height, boolean alpha) {
    long pixels() {
      return (long) width * height;
    }
  }

  ImageFile(byte[] bytes, ImageFormat format) {
    this.bytes = bytes;
    this.label = format.label;
  }

  /**
   * Returns the file in the format that its first bytes announce.
   *
   * @throws BadImageException if they announce none that the decoder takes
   */
  static ImageFile of(byte[] encoded) throws BadImageException {
    ImageFormat format =
        ImageFormat.of(encoded)
            .orElseThrow(
                () -> {
                  int shown = Math.min(SHOWN_BYTES, encoded.length);
                  String start = HexFormat.of().formatHex(encoded, 0, shown);
                  return new BadImageException(
                      "not an image this decoder takes (starts with 0x" + start + ")");
                });
    return format.reader.read(encoded);
  }

  /** Reads only width, height and whether there is alpha. */
  abstract Claims claims() throws BadImageException;

  /**
   * Returns the bytes that the decoder allocates at most for the pixels: the picture, and what it
   * keeps beside it.
   */
  abstract long pixelBytes(Claims claims) throws BadImageException;

  /** Reads the structure to its end and refuses the file if a part is missing. */
  abstract void requireWhole() throws BadImageException;

  String label() {
    return label;
  }

  /** Returns claims with the sides as they are stored, unchecked apart from being above 0. */
  Claims claimed(long width, long height, boolean alpha) throws BadImageException {
    if (width < 1 || height < 1) {
      throw new BadImageException("%s claims %d x %d pixels".formatted(label, width, height));
    }
    return new Claims(
        (int) Math.min(width, Integer.MAX_VALUE), (int) Math.min(height, Integer.MAX_VALUE), alpha);
  }

  int u8(long at) throws BadImageException {
    require(at, 1);
    return bytes[(int) at] & 0xff;
  }

  int u16be(long at) throws BadImageException {
    return u8(at) << 8 | u8(at + 1);
  }

  int u16le(long at) throws BadImageException {
    return u8(at) | u8(at + 1) << 8;
  }

  long u32be(long at) throws BadImageException {
    return (long) u16be(at) << 16 | u16be(at + 2);
  }

  long u32le(long at) throws BadImageException {
    return u16le(at) | (long) u16le(at + 2) << 16;
  }

  /** Returns whether the bytes have these ASCII characters at a position. */
  boolean has(String text, long at) {
    if (at < 0 || at + text.length() > bytes.length) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (bytes[(int) at + i] != (byte) text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Refuses the image as truncated unless it has {@code count} bytes from {@code at} on. */
  void require(long at, long count) throws BadImageException {
    if (at < 0 || count < 0 || at > bytes.length - count) {
      throw new BadImageException(
          "truncated %s: has %d bytes, more are expected at byte %d"
              .formatted(label, bytes.length, Math.max(0, Math.min(at, bytes.length))));
    }
  }

  /** Returns an exception that names the format and what is wrong with it. */
  BadImageException corrupt(String what) {
    return new BadImageException("corrupt " + label + ": " + what);
  }
}
