package dev.vmoe.core.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmoe.core.moe.Resize;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What decoding an image takes, as it is known before. */
class DecodeBytesTest {

  private static final int SIZE = 28;
  private static final DecoderLimits LIMITS = new DecoderLimits(64 << 20, 64_000_000, 50);

  /** Large enough that glibc gives the picture pages of its own, and takes them back. */
  private static final int WIDTH = 4000;

  private static final int HEIGHT = 3000;

  /** What the JVM may need meanwhile for itself. */
  private static final long OTHER_BYTES = 6 << 20;

  private final OpenCvDecoder decoder =
      new OpenCvDecoder(new Preprocessing(SIZE, Resize.BILINEAR), LIMITS);
  private final ByteBuffer slot = ByteBuffer.allocateDirect(SIZE * SIZE * 3);

  static List<String> kinds() {
    return List.of(
        "lossless webp",
        "webp",
        "turned jpeg",
        "progressive jpeg",
        "cmyk jpeg",
        "turned png",
        "deep png",
        "animated png",
        "gif",
        "animated gif",
        "bmp",
        "tiff");
  }

  private static byte[] image(String kind, int width, int height) {
    BufferedImage plain = TestImages.plain(width, height, Color.PINK);
    return switch (kind) {
      case "turned jpeg" -> TestImages.withOrientation(TestImages.encoded(plain, "jpeg"), 6);
      case "progressive jpeg" -> TestImages.progressiveJpeg(plain);
      case "cmyk jpeg" -> TestImages.cmykJpeg(width, height, 0, 0, 0, 191);
      case "turned png" -> HandmadePngs.pngWithOrientation(TestImages.encoded(plain, "png"), 6);
      case "deep png" -> TestImages.deepPng(width, height, 40_000, 0, 0, 50_000);
      case "animated png" -> HandmadePngs.animatedPng(width, height, Color.RED, Color.BLUE);
      case "gif" -> TestImages.encoded(TestImages.indexed(width, height, Color.PINK), kind);
      case "animated gif" -> TestImages.animatedGif(width, height, Color.RED, Color.BLUE);
      case "webp" -> TestImages.webp(plain, 80);
      case "lossless webp" -> TestImages.webp(plain, 101);
      default -> TestImages.encoded(plain, kind);
    };
  }

  /** The kernel says how much memory the process had at most; only on Linux. */
  @ParameterizedTest
  @MethodSource("kinds")
  void shouldTakeNoMoreMemoryThanItSays(String kind) throws BadImageException, IOException {
    Path forget = Path.of("/proc/self/clear_refs");
    assumeTrue(Files.isWritable(forget), "no /proc");
    byte[] encoded = image(kind, WIDTH, HEIGHT);
    decoder.decode(image(kind, 40, 30), slot, 0); // loads what is loaded once
    System.gc();
    Files.writeString(forget, "5");
    long beforeBytes = resident("VmRSS");

    decoder.decode(encoded, slot, 0);

    long takenBytes = resident("VmHWM") - beforeBytes;
    assertThat(takenBytes).isLessThan(decoder.decodeBytes(encoded) + OTHER_BYTES);
  }

  private static long resident(String field) throws IOException {
    Matcher found =
        Pattern.compile(field + ":\\s+(\\d+) kB")
            .matcher(Files.readString(Path.of("/proc/self/status")));
    assertThat(found.find()).isTrue();
    return 1024 * Long.parseLong(found.group(1));
  }

  @Test
  void shouldCountThePixelsOfAPlainPictureOnce() throws BadImageException {
    long small = bytes(TestImages.plain(10, 10, Color.RED), "png");
    long large = bytes(TestImages.plain(1010, 10, Color.RED), "png");

    assertThat(large - small).isBetween(3L * 10_000, 3L * 10_000 + 1_000);
  }

  private long bytes(BufferedImage image, String format) throws BadImageException {
    return decoder.decodeBytes(TestImages.encoded(image, format));
  }

  @Test
  void shouldCountTheCoefficientsOfAProgressiveJpegBySampling() throws BadImageException {
    byte[] jpeg = TestImages.progressiveJpeg(TestImages.plain(800, 800, Color.RED));
    byte[] unsampled = jpeg.clone();
    int frame = 0;
    while ((jpeg[frame] & 255) != 255 || (jpeg[frame + 1] & 255) != 0xc2) {
      frame++;
    }
    assertThat(jpeg[frame + 11]).as("sampling of the first component").isEqualTo((byte) 0x22);
    unsampled[frame + 11] = 0x11;

    long quarters = decoder.decodeBytes(jpeg);
    long whole = decoder.decodeBytes(unsampled);

    assertThat(quarters).isBetween(6L * 640_000, 6L * 640_000 + 300_000);
    assertThat(whole).isBetween(9L * 640_000, 9L * 640_000 + 300_000);
  }

  @Test
  void shouldRefuseInTheSameWordsAsTheDecoder() {
    byte[] png = TestImages.encoded(TestImages.plain(20, 14, Color.RED), "png");
    byte[] bomb = ByteBuffer.wrap(png.clone()).putInt(16, 60_000).putInt(20, 60_000).array();

    for (byte[] image : List.of(new byte[0], bomb, Arrays.copyOf(png, 20), new byte[20])) {
      String said = refusal(() -> decoder.decodeBytes(image));
      assertThat(said).isEqualTo(refusal(() -> decoder.decode(image, slot, 0)));
    }
  }

  private interface Use {
    void of() throws BadImageException;
  }

  private static String refusal(Use use) {
    try {
      use.of();
      return "taken";
    } catch (BadImageException e) {
      return e.getMessage();
    }
  }

  @Test
  void shouldKnowAFailedAllocationFromADamagedFile() {
    RuntimeException none = null;
    try (Mat tooLarge = new Mat(1 << 30, 1 << 30, opencv_core.CV_8UC3)) {
      assertThat(tooLarge.empty()).as("allocated 3 EiB").isTrue();
    } catch (RuntimeException e) {
      none = e;
    }

    assertThat(none).isNotNull();
    assertThat(OpenCv.isOutOfMemory(none)).as(none.getMessage()).isTrue();
    assertThat(OpenCv.isOutOfMemory(new RuntimeException("(-215:Assertion failed)"))).isFalse();
    assertThat(OpenCv.isOutOfMemory(new RuntimeException())).isFalse();
    assertThatExceptionOfType(OutOfMemoryError.class)
        .isThrownBy(() -> OpenCv.requireMemory(1L << 60));
    OpenCv.requireMemory(1 << 20);
  }
}
