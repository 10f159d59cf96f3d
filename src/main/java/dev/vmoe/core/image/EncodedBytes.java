package dev.vmoe.core.image;

import java.nio.charset.StandardCharsets;

/** The bytes of an image file, read with bounds checks; reading past the end is a bad image. */
final class EncodedBytes {

  private final byte[] bytes;
  private final String format;

  EncodedBytes(byte[] bytes, String format) {
    this.bytes = bytes;
    this.format = format;
  }

  int length() {
    return bytes.length;
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

  int u24le(long at) throws BadImageException {
    return u16le(at) | u8(at + 2) << 16;
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
    byte[] expected = text.getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < expected.length; i++) {
      if (bytes[(int) at + i] != expected[i]) {
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
              .formatted(format, bytes.length, Math.max(0, Math.min(at, bytes.length))));
    }
  }

  /** Returns an exception that names the format and what is wrong with it. */
  BadImageException corrupt(String what) {
    return new BadImageException("corrupt " + format + ": " + what);
  }

  byte[] array() {
    return bytes;
  }
}
