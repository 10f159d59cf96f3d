package dev.vmoe.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.moe.Resize;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenCvDecoderTest {

  private static final int SIZE = 28;
  private static final DecoderLimits LIMITS = new DecoderLimits(32 << 20, 64_000_000, 50);

  /** Each way of resizing, those of PIL with and without a crop. */
  static final List<Resize> WAYS =
      Stream.of(
              "bilinear",
              "area",
              "pil-bilinear",
              "pil-bicubic",
              "pil-bicubic-square-31",
              "pil-bilinear-shortest-28",
              "pil-bicubic-shortest-33")
          .map(Resize::ofLabel)
          .toList();

  private final ImageDecoder decoder = decoder(SIZE, Resize.BILINEAR);

  @Test
  void shouldKeepEveryPixelOfAnImageThatHasTheModelsSize() throws BadImageException {
    BufferedImage image = TestImages.noise(SIZE, SIZE, 1);

    assertThat(decode(TestImages.encoded(image, "png"))).isEqualTo(TestImages.rgb(image));
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "jpeg", "gif", "tiff"})
  void shouldWriteRedGreenBlueInThisOrder(String format) throws BadImageException {
    assertPlain(decode(TestImages.encoded(plain(Color.RED), format)), 255, 0, 0);
    assertPlain(decode(TestImages.encoded(plain(Color.BLUE), format)), 0, 0, 255);
  }

  @Test
  void shouldTakeLossyAndLosslessWebp() throws BadImageException {
    BufferedImage image = TestImages.noise(SIZE, SIZE, 2);

    assertThat(decode(TestImages.webp(image, 101))).isEqualTo(TestImages.rgb(image));
    assertPlain(decode(TestImages.webp(plain(new Color(0xc86432)), 90)), 200, 100, 50);
  }

  @Test
  void shouldTakeProgressiveJpeg() throws BadImageException {
    assertPlain(decode(TestImages.progressiveJpeg(plain(new Color(0xc86432)))), 200, 100, 50);
  }

  @Test
  void shouldConvertCmykJpeg() throws BadImageException {
    assertPlain(decode(TestImages.cmykJpeg(SIZE, SIZE, 0, 255, 255, 0)), 255, 0, 0);
    assertPlain(decode(TestImages.cmykJpeg(SIZE, SIZE, 255, 0, 0, 0)), 0, 255, 255);
    assertPlain(decode(TestImages.cmykJpeg(SIZE, SIZE, 0, 0, 0, 255)), 0, 0, 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpeg", "bmp", "tiff"})
  void shouldReplicateGrey(String format) throws BadImageException {
    BufferedImage grey = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_BYTE_GRAY);
    fill(grey, 77);

    assertPlain(decode(TestImages.encoded(grey, format)), 77, 77, 77);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "tiff"})
  void shouldKeepTheUpperByteOf16BitSamples(String format) throws BadImageException {
    BufferedImage grey = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_USHORT_GRAY);
    fill(grey, 0x4dff);

    assertPlain(decode(TestImages.encoded(grey, format)), 0x4d, 0x4d, 0x4d);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "gif", "bmp"})
  void shouldLookUpPaletteColours(String format) throws BadImageException {
    BufferedImage image = TestImages.palette(SIZE, SIZE);

    assertThat(decode(TestImages.encoded(image, format))).isEqualTo(TestImages.rgb(image));
  }

  @Test
  void shouldShowTransparentPartsOfPngAndWebpWhite() throws BadImageException {
    BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_ARGB);
    for (int i = 0; i < SIZE * SIZE; i++) {
      image.setRGB(i % SIZE, i / SIZE, 0x80c86432);
    }
    // 200 · 128/255 + 127, 100 · 128/255 + 127, 50 · 128/255 + 127
    assertPlain(decode(TestImages.encoded(image, "png")), 227, 177, 152);
    assertPlain(decode(TestImages.webp(image, 101)), 227, 177, 152);
  }

  @Test
  void shouldShowTransparentPartsOfAGreyPngWhite() throws BadImageException {
    assertPlain(decode(HandmadePngs.greyPng(SIZE, SIZE, 100, 0x80)), 177, 177, 177);
    assertPlain(decode(HandmadePngs.greyPng(SIZE, SIZE, 100, 0)), 255, 255, 255);
  }

  @Test
  void shouldReadAGreyPngWithoutItsTransparentGrey() throws BadImageException {
    assertPlain(decode(HandmadePngs.greyPngWithTransparentGrey(SIZE, SIZE, 77, 12)), 77, 77, 77);
    assertPlain(decode(HandmadePngs.greyPngWithTransparentGrey(SIZE, SIZE, 77, 77)), 77, 77, 77);
  }

  @Test
  void shouldReduce16BitPngWithAlpha() throws BadImageException {
    assertPlain(
        decode(TestImages.deepPng(SIZE, SIZE, 0xc8ff, 0x64ff, 0x32ff, 0x8000)), 227, 177, 152);
  }

  @Test
  void shouldReadBmpAndTiffWithoutTheirAlpha() throws BadImageException {
    assertPlain(
        decode(TestImages.withFourthChannel(".bmp", SIZE, SIZE, 200, 100, 50, 0)), 200, 100, 50);
    assertPlain(
        decode(TestImages.withFourthChannel(".tiff", SIZE, SIZE, 200, 100, 50, 0)), 200, 100, 50);
  }

  @Test
  void shouldShowTheTransparentColourOfGifWhite() throws BadImageException {
    BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_ARGB);
    for (int i = 0; i < SIZE * SIZE; i++) {
      image.setRGB(i % SIZE, i / SIZE, i % SIZE < SIZE / 2 ? 0xff0000ff : 0);
    }

    byte[] decoded = decode(TestImages.encoded(image, "gif"));

    assertThat(Arrays.copyOf(decoded, 3)).containsExactly(0, 0, 255);
    assertThat(Arrays.copyOfRange(decoded, decoded.length - 3, decoded.length))
        .containsExactly(255, 255, 255);
  }

  @Test
  void shouldTakeTheFirstFrameOfAnAnimation() throws BadImageException {
    assertPlain(
        decode(TestImages.animatedGif(SIZE, SIZE, Color.BLUE, Color.RED, Color.GREEN)), 0, 0, 255);
    assertPlain(
        decode(TestImages.animatedWebp(SIZE, SIZE, Color.BLUE, Color.RED, Color.GREEN)), 0, 0, 255);
    assertPlain(
        decode(HandmadePngs.animatedPng(SIZE, SIZE, Color.BLUE, Color.RED, Color.GREEN)),
        0,
        0,
        255);
  }

  /** Where the stored top left, top right, bottom right corner is seen, by orientation. */
  @ParameterizedTest
  @CsvSource({
    "1, TL, TR, BR", "2, TR, TL, BL", "3, BR, BL, TL", "4, BL, BR, TR",
    "5, TL, BL, BR", "6, TR, BR, BL", "7, BR, TR, TL", "8, BL, TL, TR"
  })
  void shouldTurnUpright(int orientation, String red, String green, String blue)
      throws BadImageException {
    byte[] jpeg = TestImages.encoded(TestImages.corners(64, 32), "jpeg");
    byte[] png = TestImages.encoded(withAlpha(TestImages.corners(64, 32)), "png");

    for (byte[] image :
        List.of(
            TestImages.withOrientation(jpeg, orientation),
            HandmadePngs.pngWithOrientation(png, orientation))) {
      byte[] decoded = decode(image);
      assertPixel(decoded, corner(red), 255, 0, 0);
      assertPixel(decoded, corner(green), 0, 255, 0);
      assertPixel(decoded, corner(blue), 0, 0, 255);
    }
  }

  @Test
  void shouldTakeOnePixelAndExtremeShapes() throws BadImageException {
    Color colour = new Color(0xc86432);
    for (Resize resize : WAYS) {
      for (int[] shape : new int[][] {{1, 1}, {1, 9000}, {9000, 1}, {2, 3}}) {
        byte[] png = TestImages.encoded(TestImages.plain(shape[0], shape[1], colour), "png");
        assertPlain(decode(decoder(SIZE, resize), SIZE, png), 200, 100, 50);
      }
    }
  }

  @Test
  void shouldWriteOnlyItsOwnSlot() throws BadImageException {
    int slotBytes = SIZE * SIZE * 3;
    ByteBuffer images = ByteBuffer.allocateDirect(3 * slotBytes);
    for (int i = 0; i < images.capacity(); i++) {
      images.put(i, (byte) 0x5a);
    }

    decoder.decode(TestImages.encoded(TestImages.plain(100, 60, Color.RED), "jpeg"), images, 1);

    byte[] neighbour = new byte[slotBytes];
    Arrays.fill(neighbour, (byte) 0x5a);
    assertThat(slot(images, SIZE, 0)).isEqualTo(neighbour);
    assertThat(slot(images, SIZE, 2)).isEqualTo(neighbour);
    assertPlain(slot(images, SIZE, 1), 255, 0, 0);
    assertThat(images.position()).isZero();
  }

  @Test
  void shouldRejectASlotOutsideTheBuffer() {
    byte[] png = TestImages.encoded(plain(Color.RED), "png");
    ByteBuffer images = ByteBuffer.allocateDirect(SIZE * SIZE * 3);

    assertThatThrownBy(() -> decoder.decode(png, images, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("slot 1");
    assertThatThrownBy(() -> decoder.decode(png, images, -1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> decoder.decode(png, ByteBuffer.allocate(SIZE * SIZE * 3), 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldDecodeInManyThreadsIntoOneBuffer() throws Exception {
    int count = 256;
    ByteBuffer images = ByteBuffer.allocateDirect(count * SIZE * SIZE * 3);
    List<BufferedImage> sources = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sources.add(TestImages.noise(SIZE, SIZE, i));
    }
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> decoded = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int slot = i;
        byte[] png = TestImages.encoded(sources.get(i), i % 2 == 0 ? "png" : "bmp");
        decoded.add(
            threads.submit(
                () -> {
                  decoder.decode(png, images, slot);
                  return slot;
                }));
      }
      for (Future<?> future : decoded) {
        future.get();
      }
    } finally {
      threads.shutdown();
    }

    for (int i = 0; i < count; i++) {
      assertThat(slot(images, SIZE, i)).isEqualTo(TestImages.rgb(sources.get(i)));
    }
  }

  /** A picture is 1.4 MB decoded: one leaked in ten would show. */
  @Test
  void shouldGiveBackAllNativeMemory() throws BadImageException {
    byte[] whole = TestImages.encoded(TestImages.plain(800, 600, Color.RED), "jpeg");
    byte[] transparent = TestImages.encoded(withAlpha(TestImages.corners(800, 600)), "png");
    byte[] broken = TestImages.webp(TestImages.corners(800, 600), 101);
    Arrays.fill(broken, broken.length / 2, broken.length, (byte) 0xff);
    decodeAll(20, whole, transparent, broken);
    long before = Pointer.physicalBytes();

    decodeAll(100, whole, transparent, broken);

    assertThat(Pointer.physicalBytes() - before).isLessThan(10L << 20);
  }

  /** Native parts of an image that is small already are about a kilobyte. */
  @Test
  void shouldNotGrowOverManyImages() throws BadImageException {
    byte[] png = TestImages.encoded(TestImages.noise(SIZE, SIZE, 9), "png");
    ByteBuffer images = ByteBuffer.allocateDirect(SIZE * SIZE * 3);
    PngEncoder encoder = new PngEncoder();
    long before = 0;
    for (int i = 0; i < 60_000; i++) {
      if (i == 20_000) {
        before = Pointer.physicalBytes();
      }
      decoder.decode(png, images, 0);
      encoder.encodeGrey(png, png.length, 1);
    }

    assertThat(Pointer.physicalBytes() - before).isLessThan(8L << 20);
  }

  private void decodeAll(int times, byte[] whole, byte[] transparent, byte[] broken)
      throws BadImageException {
    ByteBuffer images = ByteBuffer.allocateDirect(SIZE * SIZE * 3);
    for (int i = 0; i < times; i++) {
      decoder.decode(whole, images, 0);
      decoder.decode(transparent, images, 0);
      assertThatThrownBy(() -> decoder.decode(broken, images, 0))
          .isInstanceOf(BadImageException.class);
    }
  }

  private byte[] decode(byte[] encoded) throws BadImageException {
    return decode(decoder, SIZE, encoded);
  }

  static byte[] decode(ImageDecoder decoder, int size, byte[] encoded) throws BadImageException {
    ByteBuffer images = ByteBuffer.allocateDirect(size * size * 3);
    decoder.decode(encoded, images, 0);
    return slot(images, size, 0);
  }

  static ImageDecoder decoder(int size, Resize resize) {
    return new OpenCvDecoder(new Preprocessing(size, resize), LIMITS);
  }

  private static byte[] slot(ByteBuffer images, int size, int slot) {
    byte[] pixels = new byte[size * size * 3];
    images.get(slot * pixels.length, pixels);
    return pixels;
  }

  private static BufferedImage plain(Color colour) {
    return TestImages.plain(SIZE, SIZE, colour);
  }

  private static void fill(BufferedImage image, int sample) {
    for (int i = 0; i < SIZE * SIZE; i++) {
      image.getRaster().setSample(i % SIZE, i / SIZE, 0, sample);
    }
  }

  private static BufferedImage withAlpha(BufferedImage image) {
    BufferedImage copy =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_ARGB);
    copy.createGraphics().drawImage(image, 0, 0, null);
    return copy;
  }

  /** Returns the index of a pixel well inside a corner. */
  private static int corner(String name) {
    int y = name.charAt(0) == 'T' ? 3 : SIZE - 4;
    int x = name.charAt(1) == 'L' ? 3 : SIZE - 4;
    return y * SIZE + x;
  }

  private static void assertPlain(byte[] pixels, int red, int green, int blue) {
    for (int i = 0; i < pixels.length / 3; i++) {
      assertPixel(pixels, i, red, green, blue);
    }
  }

  private static void assertPixel(byte[] pixels, int index, int red, int green, int blue) {
    assertThat(pixels[index * 3] & 0xff).isCloseTo(red, within(3));
    assertThat(pixels[index * 3 + 1] & 0xff).isCloseTo(green, within(3));
    assertThat(pixels[index * 3 + 2] & 0xff).isCloseTo(blue, within(3));
  }
}
