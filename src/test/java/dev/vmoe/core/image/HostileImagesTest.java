package dev.vmoe.core.image;

import static dev.vmoe.core.image.TestImages.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.vmoe.core.moe.Resize;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HostileImagesTest {

  private static final int SIZE = 28;
  private static final long MAX_PIXELS = 64_000_000;

  private final ImageDecoder decoder = decoder(Integer.MAX_VALUE);
  private final ByteBuffer images = ByteBuffer.allocateDirect(SIZE * SIZE * 3);

  /** Few, as the JPEG and PNG libraries write a line for each; 10,000 a file have been run. */
  private static final int MUTATIONS = Integer.getInteger("image.mutations", 200);

  private static final List<String> FORMATS =
      List.of(
          "jpeg",
          "progressive jpeg",
          "png",
          "gif",
          "bmp",
          "run-length bmp",
          "tiff",
          "webp",
          "lossless webp");

  private static ImageDecoder decoder(int maxPixelsPerByte) {
    return new OpenCvDecoder(
        new Preprocessing(SIZE, Resize.BILINEAR),
        new DecoderLimits(1 << 20, MAX_PIXELS, maxPixelsPerByte));
  }

  static List<String> formats() {
    return FORMATS;
  }

  /** Returns a small whole file. */
  private static byte[] whole(String format) {
    BufferedImage image = TestImages.noise(20, 14, 3);
    return switch (format) {
      case "progressive jpeg" -> TestImages.progressiveJpeg(image);
      case "run-length bmp" -> runLengthBmp();
      case "webp" -> TestImages.webp(image, 80);
      case "lossless webp" -> TestImages.webp(image, 101);
      default -> TestImages.encoded(image, format);
    };
  }

  @ParameterizedTest
  @MethodSource("formats")
  void shouldTakeTheWholeFileAndRefuseEveryShorterOne(String format) throws BadImageException {
    byte[] whole = whole(format);

    decoder.decode(whole, images, 0);

    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      try {
        decoder.decode(cut, images, 0);
        fail("took %d of %d bytes".formatted(length, whole.length));
      } catch (BadImageException e) {
        assertThat(e).hasMessageMatching("(?s)(truncated|corrupt|image is empty|not an image).*");
      }
    }
  }

  @Test
  void shouldSayThatAJpegWasCutOff() {
    byte[] jpeg = whole("jpeg");

    assertRefused(Arrays.copyOf(jpeg, jpeg.length - 2), "truncated JPEG: has");
  }

  @Test
  void shouldNoticeADamagedPngChunk() {
    byte[] png = whole("png");
    png[png.length - 30] ^= 1;

    assertRefused(png, "corrupt PNG: checksum of the chunk at byte 33");
  }

  @Test
  void shouldNoticeDamagedPngDataThatChecksumsDoNotShow() {
    byte[] png = whole("png");
    HandmadePngs.damageData(png);

    assertRefused(png, "corrupt PNG");
  }

  @Test
  void shouldRefuseWhatIsNoImage() {
    assertRefused(new byte[0], "image is empty (0 bytes)");
    assertRefused(bytes(1), "not an image this decoder takes (starts with 0x01)");
    assertRefused(
        "{\"image\": \"cat\"}".getBytes(StandardCharsets.UTF_8),
        "not an image this decoder takes (starts with 0x7b22696d61676522)");
    assertRefused("RIFF....WAVEfmt ".getBytes(StandardCharsets.US_ASCII), "not an image");
    assertRefused("#?RADIANCE\n".getBytes(StandardCharsets.US_ASCII), "not an image");
  }

  @Test
  void shouldRefuseMoreBytesThanAllowed() {
    assertRefused(new byte[(1 << 20) + 1], "image has 1048577 bytes, limit is 1048576");
  }

  @Test
  void shouldRefuseABombByItsHeader() {
    long before = Pointer.physicalBytes();
    Map<String, byte[]> bombs = new LinkedHashMap<>();
    bombs.put("PNG", pngHeader(60_000, 60_000));
    bombs.put("JPEG", jpegHeader(0xc0, 60_000, 60_000));
    bombs.put("progressive JPEG", jpegHeader(0xc2, 60_000, 60_000));
    bombs.put("BMP", bmpHeader(60_000, -60_000));
    bombs.put("TIFF", tiffHeader(60_000, 60_000));
    bombs.put("extended WebP", webpHeader(60_000, 60_000));

    bombs.forEach(
        (format, bomb) ->
            assertRefused(
                bomb, "image claims 60000 x 60000 = 3600000000 pixels, limit is 64000000"));

    assertRefused(gifHeader(65_535, 65_535), "65535 x 65535 = 4294836225 pixels");
    assertRefused(pngHeader(Integer.MAX_VALUE, Integer.MAX_VALUE), "= 4611686014132420609 pixels");
    assertRefused(bmpHeader(Integer.MAX_VALUE, Integer.MIN_VALUE), "limit is 64000000");
    assertRefused(pngHeader(60_000_000, 1), "a side may have 1048576");
    assertThat(Pointer.physicalBytes() - before).isLessThan(50L << 20);
  }

  @Test
  void shouldRefuseManyPixelsInFewBytes() throws BadImageException {
    ImageDecoder dense = decoder(50);
    byte[] header = pngHeader(4000, 4001);

    assertThatThrownBy(() -> dense.decodeBytes(Arrays.copyOf(header, 320_000)))
        .isInstanceOf(BadImageException.class)
        .hasMessage(
            "image claims 4000 x 4001 pixels in 320000 bytes: above 16000000 pixels, the limit is"
                + " 50 for each byte");
    assertThat(dense.decodeBytes(Arrays.copyOf(header, 320_080))).isPositive();
    assertThat(dense.decodeBytes(pngHeader(4000, 4000))).isPositive();
  }

  @Test
  void shouldRefuseAWebpOfTheLargestSides() {
    ByteBuffer lossy = riff("VP8 ", 10).put(bytes(0, 0, 0, 0x9d, 1, 0x2a, 255, 63, 255, 63));
    ByteBuffer lossless = riff("VP8L", 5).put(bytes(0x2f, 255, 255, 255, 15));

    assertRefused(lossy.array(), "image claims 16383 x 16383 = 268402689 pixels");
    assertRefused(lossless.array(), "image claims 16384 x 16384 = 268435456 pixels");
  }

  @Test
  void shouldRefuseAJpegOfVeryManyScans() {
    byte[] header = jpegHeader(0xc2, 100, 100);
    ByteBuffer jpeg = ByteBuffer.allocate(header.length + 501 * 10 + 2);
    jpeg.put(header);
    for (int i = 0; i < 501; i++) {
      jpeg.put(bytes(0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0));
    }
    jpeg.put(bytes(0xff, 0xd9));

    assertRefused(jpeg.array(), "more than 500 scans");
  }

  /** A scan of nothing has ten bytes and costs a pass over all pixels: 500 took 23 s. */
  @Test
  void shouldRefuseALargeJpegOfScansThatTakeLong() throws BadImageException {
    byte[] header = jpegHeader(0xc2, 8000, 8000);
    ByteBuffer jpeg = ByteBuffer.allocate(header.length + 21 * 10 + 2);
    jpeg.put(header);
    for (int i = 0; i < 21; i++) {
      jpeg.put(bytes(0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0));
    }
    jpeg.put(bytes(0xff, 0xd9));

    assertRefused(jpeg.array(), "more than 20 scans");
    assertThat(JpegFile.maxScans(64_000_000)).isEqualTo(20);
    assertThat(JpegFile.maxScans(12_000_000)).isEqualTo(106);
    assertThat(JpegFile.maxScans(1)).isEqualTo(500);
    assertThat(JpegFile.maxScans(500_000_000)).isEqualTo(20);
  }

  /** 7 kB become 7 MB, a thousand times over: that took 14 s. */
  @Test
  void shouldRefuseAPngOfManyCompressedTexts() throws Exception {
    assertRefused(pngWithTexts(21), "more than 20 compressed texts");
    decoder.decode(pngWithTexts(20), images, 0);
  }

  private static byte[] pngWithTexts(int texts) throws Exception {
    ByteArrayOutputStream deflated = new ByteArrayOutputStream();
    try (DeflaterOutputStream out = new DeflaterOutputStream(deflated)) {
      out.write(new byte[7 << 20]);
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes("zTXt".getBytes(StandardCharsets.US_ASCII));
    body.writeBytes(bytes('a', 0, 0));
    body.writeBytes(deflated.toByteArray());
    CRC32 checksum = new CRC32();
    checksum.update(body.toByteArray());
    byte[] whole = whole("png");
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.write(whole, 0, 33);
    for (int i = 0; i < texts; i++) {
      png.writeBytes(ByteBuffer.allocate(4).putInt(body.size() - 4).array());
      png.writeBytes(body.toByteArray());
      png.writeBytes(ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
    }
    png.write(whole, 33, whole.length - 33);
    return png.toByteArray();
  }

  @Test
  void shouldRefuseAHugeTileOfASmallTiff() {
    assertRefused(
        tiff(Map.of(256, 10, 257, 10, 322, 1 << 20, 323, 1 << 20)),
        "tiles of 1048576 x 1048576 for an image of 10 x 10");
  }

  @Test
  void shouldAnswerAnyBytesWithAnImageOrAReason() {
    Random random = new Random(7);
    for (String format : FORMATS) {
      byte[] whole = whole(format);
      for (int i = 0; i < MUTATIONS; i++) {
        byte[] mutated = whole.clone();
        for (int j = random.nextInt(4); j >= 0; j--) {
          mutated[random.nextInt(Math.min(mutated.length, 1 << random.nextInt(4, 11)))] =
              (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(-1, 2));
        }
        try {
          decoder.decode(mutated, images, 0);
        } catch (BadImageException e) {
          assertThat(e).message().isNotBlank();
        }
      }
    }
  }

  @Test
  void shouldReadHeadersOfAnyBytes() {
    Random random = new Random(8);
    for (ImageFormat format : ImageFormat.values()) {
      byte[] start = wholeStart(format);
      for (int i = 0; i < 20_000; i++) {
        byte[] noise = new byte[random.nextInt(400)];
        random.nextBytes(noise);
        System.arraycopy(start, 0, noise, 0, Math.min(start.length, noise.length));
        try {
          ImageFile file = ImageFile.of(noise);
          assertThat(file.claims().pixels()).isPositive();
          file.requireWhole();
        } catch (BadImageException e) {
          assertThat(e).message().isNotBlank();
        }
      }
    }
  }

  private static byte[] wholeStart(ImageFormat format) {
    return switch (format) {
      case JPEG -> bytes(0xff, 0xd8, 0xff);
      case PNG -> Arrays.copyOf(pngHeader(9, 9), 16);
      case GIF -> bytes('G', 'I', 'F', '8', '9', 'a');
      case WEBP -> Arrays.copyOf(webpHeader(9, 9), 12);
      case BMP -> bytes('B', 'M');
      case TIFF_LITTLE_ENDIAN -> bytes('I', 'I', 42, 0, 8, 0, 0, 0);
      case TIFF_BIG_ENDIAN -> bytes('M', 'M', 0, 42, 0, 0, 0, 8);
    };
  }

  private void assertRefused(byte[] encoded, String reason) {
    assertThatThrownBy(() -> decoder.decode(encoded, images, 0))
        .isInstanceOf(BadImageException.class)
        .hasMessageContaining(reason);
  }

  static byte[] pngHeader(int width, int height) {
    return ByteBuffer.allocate(33)
        .put(bytes(0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'))
        .putInt(width)
        .putInt(height)
        .put(bytes(8, 2, 0, 0, 0))
        .array();
  }

  private static byte[] jpegHeader(int frame, int width, int height) {
    return ByteBuffer.allocate(27)
        .put(bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, frame, 0, 17, 8))
        .putShort((short) height)
        .putShort((short) width)
        .put(bytes(3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1))
        .array();
  }

  private static byte[] bmpHeader(int width, int height) {
    return ByteBuffer.allocate(54)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(bytes('B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0))
        .putInt(width)
        .putInt(height)
        .put(bytes(1, 0, 24, 0))
        .array();
  }

  /** Returns a 20 x 1 BMP of two runs. */
  private static byte[] runLengthBmp() {
    byte[] runs = bytes(12, 0, 8, 1, 0, 0, 0, 1);
    int start = 54 + 256 * 4;
    return ByteBuffer.allocate(start + runs.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(bytes('B', 'M'))
        .putInt(start + runs.length)
        .putInt(0)
        .putInt(start)
        .putInt(40)
        .putInt(20)
        .putInt(1)
        .put(bytes(1, 0, 8, 0))
        .putInt(1)
        .putInt(runs.length)
        .putInt(0)
        .putInt(0)
        .putInt(0)
        .putInt(0)
        .position(start)
        .put(runs)
        .array();
  }

  private static byte[] gifHeader(int width, int height) {
    return ByteBuffer.allocate(13)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(bytes('G', 'I', 'F', '8', '9', 'a'))
        .putShort((short) width)
        .putShort((short) height)
        .array();
  }

  private static byte[] tiffHeader(int width, int height) {
    return tiff(Map.of(256, width, 257, height));
  }

  private static byte[] tiff(Map<Integer, Integer> tags) {
    ByteBuffer tiff =
        ByteBuffer.allocate(14 + 12 * tags.size())
            .put(bytes('M', 'M', 0, 42, 0, 0, 0, 8))
            .putShort((short) tags.size());
    tags.forEach(
        (tag, value) ->
            tiff.putShort(tag.shortValue()).putShort((short) 4).putInt(1).putInt(value));
    return tiff.array();
  }

  private static byte[] webpHeader(int width, int height) {
    return riff("VP8X", 10)
        .put(bytes(0, 0, 0, 0))
        .put(bytes(width - 1, (width - 1) >> 8, (width - 1) >> 16))
        .put(bytes(height - 1, (height - 1) >> 8, (height - 1) >> 16))
        .array();
  }

  private static ByteBuffer riff(String type, int length) {
    return ByteBuffer.allocate(20 + length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("RIFF".getBytes(StandardCharsets.US_ASCII))
        .putInt(12 + length)
        .put("WEBP".getBytes(StandardCharsets.US_ASCII))
        .put(type.getBytes(StandardCharsets.US_ASCII))
        .putInt(length);
  }
}
