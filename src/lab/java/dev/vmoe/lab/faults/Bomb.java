package dev.vmoe.lab.faults;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;

/**
 * A small file that takes much memory once it is decoded.
 *
 * @param format of the file
 * @param heavy whether it is a valid image of no more pixels than an instance takes; else it claims
 *     more, and has to be refused
 * @param image the file; nobody writes to it
 */
@SuppressWarnings("ArrayRecordComponent")
record Bomb(String format, boolean heavy, byte[] image) {

  /** What the keys of heavy ones begin with: they are good images, but slow ones. */
  static final String KEY = "heavy-";

  /** Memory that the heaviest takes, in mebibytes, with what an instance has beside it. */
  static final int MIN_MEMORY_MEBIBYTES = 1536;

  /** Fewer pixels than a limit of this allows are no longer heavy. */
  static final long MIN_PIXELS = 40_000;

  /** Its square is as many pixels as an instance takes by default. */
  private static final int MAX_HEAVY_SIDE = 8000;

  private static final int CLAIMED_SIDE = 16_000;

  private static final int TIFF_ROWS = 100;
  private static final int TIFF_TAGS = 9;

  /**
   * Returns two of each format: one that claims too much, one that is heavy.
   *
   * @param maxPixels that an instance takes; heavy ones have nearly as many, at most 64 million
   */
  static List<Bomb> all(long maxPixels) {
    int side = (int) Math.min(MAX_HEAVY_SIDE, Math.sqrt(maxPixels)) / TIFF_ROWS * TIFF_ROWS;
    try {
      return List.of(
          claiming("png", png(CLAIMED_SIDE, new byte[0])),
          claiming("jpeg", jpeg(CLAIMED_SIDE, 0)),
          claiming("webp", webp(CLAIMED_SIDE)),
          claiming("bmp", bmp(CLAIMED_SIDE, 0)),
          claiming("gif", claimingGif()),
          claiming("tiff", tiff(CLAIMED_SIDE)),
          heavy("png", png(side, deflated(side, 1 + 8 * side))),
          heavy("jpeg", jpeg(side, side * side / 64)),
          heavy("webp", webp(side)),
          heavy("bmp", bmp(side, side)),
          heavy("gif", gif(side)),
          heavy("tiff", tiff(side)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Bomb claiming(String format, byte[] image) {
    return new Bomb(format, false, image);
  }

  private static Bomb heavy(String format, byte[] image) {
    return new Bomb(format, true, image);
  }

  /** Returns rows of zeros, compressed. */
  private static byte[] deflated(int rows, int rowBytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
      byte[] row = new byte[rowBytes];
      for (int y = 0; y < rows; y++) {
        deflater.write(row);
      }
    }
    return out.toByteArray();
  }

  /** Returns a PNG with alpha and 16 bits a sample: 8 bytes a pixel. */
  private static byte[] png(int side, byte[] data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(bytes(0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'));
    ByteBuffer header = ByteBuffer.allocate(13).putInt(side).putInt(side);
    out.writeBytes(chunk("IHDR", header.put(bytes(16, 6, 0, 0, 0)).array()));
    out.writeBytes(chunk("IDAT", data));
    out.writeBytes(chunk("IEND", new byte[0]));
    return out.toByteArray();
  }

  private static byte[] chunk(String type, byte[] data) {
    ByteBuffer chunk =
        ByteBuffer.allocate(12 + data.length)
            .putInt(data.length)
            .put(type.getBytes(StandardCharsets.US_ASCII))
            .put(data);
    CRC32 sum = new CRC32();
    sum.update(chunk.array(), 4, 4 + data.length);
    return chunk.putInt((int) sum.getValue()).array();
  }

  /**
   * Returns a progressive JPEG of one scan, whose coefficients are all kept until its end.
   *
   * @param blocks of 8 x 8 pixels; each has a bit for each of three channels
   */
  private static byte[] jpeg(int side, int blocks) {
    ByteBuffer jpeg = ByteBuffer.allocate(200 + (3 * blocks + 7) / 8);
    jpeg.put(bytes(0xff, 0xd8, 0xff, 0xdb, 0, 67, 0));
    for (int i = 0; i < 64; i++) {
      jpeg.put((byte) 1); // quantization
    }
    jpeg.put(bytes(0xff, 0xc2, 0, 17, 8)).putShort((short) side).putShort((short) side);
    jpeg.put(bytes(3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0));
    jpeg.put(bytes(0xff, 0xc4, 0, 20, 0, 1)); // one code, of one bit: no difference
    jpeg.put(new byte[15]).put((byte) 0);
    jpeg.put(bytes(0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0));
    jpeg.position(jpeg.position() + (3 * blocks + 7) / 8);
    jpeg.put(bytes(0xff, 0xd9));
    return Arrays.copyOf(jpeg.array(), jpeg.position());
  }

  /** Returns a lossless WebP in which each code has one symbol, so that a pixel has no bit. */
  private static byte[] webp(int side) {
    long size = side - 1L | (side - 1L) << 14 | 1L << 28;
    ByteBuffer webp = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    webp.put(bytes('R', 'I', 'F', 'F')).putInt(24).put(bytes('W', 'E', 'B', 'P'));
    webp.put(bytes('V', 'P', '8', 'L')).putInt(12).put((byte) 0x2f).putInt((int) size);
    // no transform, no cache, no groups; then five times: simple, one symbol, of one bit, 0
    int bits = 0;
    for (int code = 0; code < 5; code++) {
      bits |= 1 << (3 + 4 * code);
    }
    return webp.putInt(bits).array();
  }

  /** Returns a BMP of runs. */
  private static byte[] bmp(int side, int rows) {
    int start = 54 + 256 * 4;
    int runs = side / 255;
    int rowBytes = 2 * (runs + (side % 255 > 0 ? 2 : 1));
    ByteBuffer bmp =
        ByteBuffer.allocate(start + rows * rowBytes + 2).order(ByteOrder.LITTLE_ENDIAN);
    bmp.put(bytes('B', 'M')).putInt(bmp.capacity()).putInt(0).putInt(start).putInt(40);
    bmp.putInt(side).putInt(side).put(bytes(1, 0, 8, 0)).putInt(1);
    bmp.position(start);
    for (int y = 0; y < rows; y++) {
      for (int run = 0; run < runs; run++) {
        bmp.put(bytes(255, 0));
      }
      if (side % 255 > 0) {
        bmp.put(bytes(side % 255, 0));
      }
      bmp.put(bytes(0, 0));
    }
    return bmp.put(bytes(0, 1)).array();
  }

  private static byte[] gif(int side) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_BINARY);
    ImageIO.write(image, "gif", out);
    return out.toByteArray();
  }

  private static byte[] claimingGif() {
    return ByteBuffer.allocate(14)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("GIF89a".getBytes(StandardCharsets.US_ASCII))
        .putShort((short) CLAIMED_SIDE)
        .putShort((short) CLAIMED_SIDE)
        .put(bytes(0, 0, 0, 0x3b))
        .array();
  }

  /** Returns a TIFF of 16 bits a sample; all its strips are the same bytes. */
  private static byte[] tiff(int side) throws IOException {
    byte[] strip = deflated(TIFF_ROWS, 6 * side);
    int strips = side / TIFF_ROWS;
    int bitsAt = 8 + 2 + 12 * TIFF_TAGS + 4;
    int offsetsAt = bitsAt + 6;
    int countsAt = offsetsAt + 4 * strips;
    int stripAt = countsAt + 4 * strips;
    ByteBuffer tiff = ByteBuffer.allocate(stripAt + strip.length).order(ByteOrder.LITTLE_ENDIAN);
    tiff.put(bytes('I', 'I', 42, 0)).putInt(8).putShort((short) TIFF_TAGS);
    tag(tiff, 256, 4, 1, side);
    tag(tiff, 257, 4, 1, side);
    tag(tiff, 258, 3, 3, bitsAt);
    tag(tiff, 259, 3, 1, 8); // Deflate
    tag(tiff, 262, 3, 1, 2); // RGB
    tag(tiff, 273, 4, strips, offsetsAt);
    tag(tiff, 277, 3, 1, 3);
    tag(tiff, 278, 4, 1, TIFF_ROWS);
    tag(tiff, 279, 4, strips, countsAt);
    tiff.putInt(0).put(bytes(16, 0, 16, 0, 16, 0));
    for (int i = 0; i < strips; i++) {
      tiff.putInt(offsetsAt + 4 * i, stripAt).putInt(countsAt + 4 * i, strip.length);
    }
    return tiff.position(stripAt).put(strip).array();
  }

  private static void tag(ByteBuffer tiff, int tag, int type, int count, int value) {
    tiff.putShort((short) tag).putShort((short) type).putInt(count).putInt(value);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
