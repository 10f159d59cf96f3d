package dev.vmoe.core.image;

import dev.vmoe.core.moe.Resize;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/**
 * How long the largest images that are taken take, one decode each: the table in {@code
 * src/docs/security.md}.
 *
 * <p>{@code java -Xmx3g -cp 'target/test-classes:target/classes:target/lib/*'
 * dev.vmoe.core.image.LargestImages}
 */
public final class LargestImages {

  private static final int SIDE = 8000;
  private static final int SIZE = 224;

  private LargestImages() {}

  /** Prints the table. */
  public static void main(String[] arguments) throws Exception {
    ImageDecoder decoder =
        new OpenCvDecoder(
            new Preprocessing(SIZE, Resize.BILINEAR),
            new DecoderLimits(16 << 20, 64_000_000, Integer.MAX_VALUE));
    ByteBuffer slot = ByteBuffer.allocateDirect(SIZE * SIZE * 3);
    decoder.decode(TestImages.progressiveJpeg(TestImages.plain(64, 64, Color.RED)), slot, 0);
    for (Map.Entry<String, byte[]> image : images().entrySet()) {
      long start = System.nanoTime();
      decoder.decode(image.getValue(), slot, 0);
      System.out.printf(
          Locale.ROOT,
          "| %s | %,d | %.2f |%n",
          image.getKey(),
          image.getValue().length,
          (System.nanoTime() - start) / 1e9);
    }
  }

  private static Map<String, byte[]> images() throws IOException {
    BufferedImage flat = TestImages.plain(SIDE, SIDE, Color.RED);
    byte[] progressive = TestImages.progressiveJpeg(flat);
    Map<String, byte[]> images = new LinkedHashMap<>();
    images.put("JPEG", TestImages.encoded(flat, "jpeg"));
    images.put("progressive JPEG, 10 scans", progressive);
    images.put("the same with 20 scans, the most", withLastScanAgain(progressive, 10));
    images.put("PNG", TestImages.encoded(flat, "png"));
    images.put("PNG, 16 bits, alpha, interlaced", interlacedPng());
    images.put("GIF", TestImages.encoded(flat, "gif"));
    images.put("TIFF, 524,288 strips", tiffOfRows(122, 1 << 19));
    images.put("WebP, lossless", TestImages.webp(flat, 101));
    return images;
  }

  private static byte[] withLastScanAgain(byte[] jpeg, int times) {
    int scan = 0;
    for (int i = 2; i + 1 < jpeg.length; i++) {
      if ((jpeg[i] & 255) == 255 && (jpeg[i + 1] & 255) == 0xda) {
        scan = i;
      }
    }
    int end = jpeg.length - 2;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, end);
    for (int i = 0; i < times; i++) {
      out.write(jpeg, scan, end - scan);
    }
    out.write(jpeg, end, 2);
    return out.toByteArray();
  }

  private static byte[] interlacedPng() throws IOException {
    ByteArrayOutputStream rows = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(rows)) {
      byte[] zeros = new byte[1 << 16];
      for (long left = 8L * SIDE * SIDE + 4 * SIDE; left > 0; left -= zeros.length) {
        deflated.write(zeros);
      }
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.writeBytes(TestImages.bytes(0x89, 'P', 'N', 'G', 13, 10, 26, 10));
    png.writeBytes(
        chunk(
            "IHDR",
            ByteBuffer.allocate(13)
                .putInt(SIDE)
                .putInt(SIDE)
                .put(TestImages.bytes(16, 6, 0, 0, 1))
                .array()));
    png.writeBytes(chunk("IDAT", rows.toByteArray()));
    png.writeBytes(chunk("IEND", new byte[0]));
    return png.toByteArray();
  }

  private static byte[] chunk(String type, byte[] data) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + data.length);
    chunk.putInt(data.length).put(type.getBytes(StandardCharsets.US_ASCII)).put(data);
    CRC32 checksum = new CRC32();
    checksum.update(chunk.array(), 4, 4 + data.length);
    return chunk.putInt((int) checksum.getValue()).array();
  }

  /** Returns a TIFF each of whose rows is a strip, all of them the same bytes of the file. */
  private static byte[] tiffOfRows(int width, int height) throws IOException {
    ByteArrayOutputStream row = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(row)) {
      deflated.write(new byte[3 * width]);
    }
    int[][] tags = new int[9][];
    int tables = 8 + 2 + 12 * tags.length + 4;
    int data = tables + 8 * height;
    int word = 16; // short values stand in the upper half
    tags[0] = new int[] {256, 4, 1, width};
    tags[1] = new int[] {257, 4, 1, height};
    tags[2] = new int[] {258, 3, 1, 8 << word};
    tags[3] = new int[] {259, 3, 1, 8 << word};
    tags[4] = new int[] {262, 3, 1, 2 << word};
    tags[5] = new int[] {273, 4, height, tables};
    tags[6] = new int[] {277, 3, 1, 3 << word};
    tags[7] = new int[] {278, 4, 1, 1};
    tags[8] = new int[] {279, 4, height, tables + 4 * height};
    ByteBuffer tiff = ByteBuffer.allocate(data + row.size());
    tiff.put(TestImages.bytes('M', 'M', 0, 42, 0, 0, 0, 8)).putShort((short) tags.length);
    for (int[] tag : tags) {
      tiff.putShort((short) tag[0]).putShort((short) tag[1]).putInt(tag[2]).putInt(tag[3]);
    }
    tiff.putInt(0);
    int[] same = new int[height];
    Arrays.fill(same, data);
    Arrays.stream(same).forEach(tiff::putInt);
    Arrays.fill(same, row.size());
    Arrays.stream(same).forEach(tiff::putInt);
    return tiff.put(row.toByteArray()).array();
  }
}
