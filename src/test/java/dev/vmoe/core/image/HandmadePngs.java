package dev.vmoe.core.image;

import static dev.vmoe.core.image.TestImages.bytes;

import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** PNGs made chunk by chunk, as no encoder at hand writes them. */
public final class HandmadePngs {

  /** Colour types of PNG. */
  private static final int GREY = 0;

  private static final int RGB = 2;
  private static final int GREY_WITH_ALPHA = 4;

  private HandmadePngs() {}

  /** Returns the PNG with an EXIF orientation, 1 to 8. */
  static byte[] pngWithOrientation(byte[] png, int orientation) {
    byte[] exif =
        chunk(
            "eXIf",
            bytes(
                'M',
                'M',
                0,
                42,
                0,
                0,
                0,
                8,
                0,
                1,
                1,
                0x12,
                0,
                3,
                0,
                0,
                0,
                1,
                0,
                orientation,
                0,
                0,
                0,
                0,
                0,
                0));
    int afterHeader = 33;
    return ByteBuffer.allocate(png.length + exif.length)
        .put(png, 0, afterHeader)
        .put(exif)
        .put(png, afterHeader, png.length - afterHeader)
        .array();
  }

  /** Returns a PNG of one grey that has an opacity of its own. */
  static byte[] greyPng(int width, int height, int grey, int alpha) {
    byte[] row = new byte[1 + 2 * width]; // filter 0, then grey and alpha
    for (int x = 0; x < width; x++) {
      row[1 + 2 * x] = (byte) grey;
      row[2 + 2 * x] = (byte) alpha;
    }
    return png(width, height, GREY_WITH_ALPHA, chunk("IDAT", rows(row, height)));
  }

  /** Returns a PNG of one grey that marks a grey as transparent. */
  static byte[] greyPngWithTransparentGrey(int width, int height, int grey, int transparent) {
    byte[] row = new byte[1 + width];
    Arrays.fill(row, 1, row.length, (byte) grey);
    return png(
        width,
        height,
        GREY,
        chunk("tRNS", bytes(0, transparent)),
        chunk("IDAT", rows(row, height)));
  }

  /** Returns a PNG of several frames, one of each colour. */
  static byte[] animatedPng(int width, int height, Color... frames) {
    List<byte[]> chunks = new ArrayList<>();
    chunks.add(chunk("acTL", ints(frames.length, 0)));
    int sequence = 0;
    for (int i = 0; i < frames.length; i++) {
      byte[] control = ints(sequence++, width, height, 0, 0, 0, 0);
      control[21] = 1; // shown for a tenth of a second: 1 / 10, then two bytes of 0
      control[23] = 10;
      chunks.add(chunk("fcTL", Arrays.copyOf(control, 26)));
      byte[] row = new byte[1 + 3 * width];
      for (int x = 0; x < width; x++) {
        row[1 + 3 * x] = (byte) frames[i].getRed();
        row[2 + 3 * x] = (byte) frames[i].getGreen();
        row[3 + 3 * x] = (byte) frames[i].getBlue();
      }
      byte[] data = rows(row, height);
      chunks.add(i == 0 ? chunk("IDAT", data) : chunk("fdAT", joined(ints(sequence++), data)));
    }
    return png(width, height, RGB, chunks.toArray(byte[][]::new));
  }

  /**
   * Replaces the start of a PNG's first compressed data, with a new checksum: only a decoder can
   * tell.
   */
  public static void damageData(byte[] png) {
    ByteBuffer file = ByteBuffer.wrap(png);
    int at = 8;
    while (file.getInt(at + 4) != 0x49444154) {
      at += 12 + file.getInt(at);
    }
    int length = file.getInt(at);
    file.put(at + 8 + length / 2, new byte[length / 4]);
    CRC32 checksum = new CRC32();
    checksum.update(png, at + 4, 4 + length);
    file.putInt(at + 8 + length, (int) checksum.getValue());
  }

  private static byte[] png(int width, int height, int colourType, byte[]... chunks) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(bytes(0x89, 'P', 'N', 'G', 13, 10, 26, 10));
    out.writeBytes(chunk("IHDR", joined(ints(width, height), bytes(8, colourType, 0, 0, 0))));
    for (byte[] chunk : chunks) {
      out.writeBytes(chunk);
    }
    out.writeBytes(chunk("IEND", new byte[0]));
    return out.toByteArray();
  }

  /** Returns the same row so many times, compressed. */
  private static byte[] rows(byte[] row, int height) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream compressed = new DeflaterOutputStream(out)) {
      for (int y = 0; y < height; y++) {
        compressed.write(row);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] ints(int... values) {
    ByteBuffer ints = ByteBuffer.allocate(4 * values.length);
    Arrays.stream(values).forEach(ints::putInt);
    return ints.array();
  }

  private static byte[] joined(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  private static byte[] chunk(String type, byte[] data) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + data.length);
    chunk.putInt(data.length).put(type.getBytes(StandardCharsets.US_ASCII)).put(data);
    CRC32 checksum = new CRC32();
    checksum.update(chunk.array(), 4, 4 + data.length);
    return chunk.putInt((int) checksum.getValue()).array();
  }
}
