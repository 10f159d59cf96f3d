package dev.vmoe.core.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.moe.Resize;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Holds the resizers against the same formulas, pixel by pixel in double. */
class ResizerTest {

  @ParameterizedTest
  @CsvSource({
    "500, 375, 224",
    "375, 500, 384",
    "28, 28, 224",
    "30, 17, 28",
    "1, 1, 28",
    "1000, 3, 32",
    "448, 448, 224",
    "29, 28, 28"
  })
  void shouldTruncateTheBilinearValue(int width, int height, int size) {
    byte[] source = random(width * height * 3);

    byte[] resized = resize(source, width, height, size, Resize.BILINEAR);

    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        for (int c = 0; c < 3; c++) {
          double exact = bilinear(source, width, height, size, x, y, c);
          int value = resized[(y * size + x) * 3 + c] & 0xff;
          // positions are fp32: up to 1000 pixels they are right to 6e-5, times a step of 255
          assertThat(value).isBetween((int) (exact - 0.02), (int) (exact + 0.02));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "500, 375, 224",
    "375, 500, 384",
    "28, 28, 224",
    "30, 17, 28",
    "1, 1, 28",
    "1000, 3, 32",
    "512, 512, 224",
    "257, 256, 224"
  })
  void shouldRoundTheMeanOfTheCoveredArea(int width, int height, int size) {
    byte[] source = random(width * height * 3);

    byte[] resized = resize(source, width, height, size, Resize.AREA);

    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        for (int c = 0; c < 3; c++) {
          double exact = areaMean(source, width, height, size, x, y, c);
          int value = resized[(y * size + x) * 3 + c] & 0xff;
          assertThat((double) value).isBetween(exact - 0.501, exact + 0.501);
        }
      }
    }
  }

  @Test
  void shouldKeepAnEvenAreaAsItIs() {
    for (Resize resize : OpenCvDecoderTest.WAYS) {
      for (int value = 0; value < 256; value++) {
        byte[] source = new byte[37 * 53 * 3];
        java.util.Arrays.fill(source, (byte) value);

        assertThat(resize(source, 37, 53, 28, resize)).containsOnly(value);
      }
    }
  }

  /** 2 x 1 pixels of 0 and 255 to 4 x 4: centres at -0.25, 0.25, 0.75, 1.25. */
  @Test
  void shouldPlaceBilinearCentresInTheMiddleOfPixels() {
    byte[] source = TestImages.bytes(0, 0, 0, 255, 255, 255);

    byte[] resized = resize(source, 2, 1, 4, Resize.BILINEAR);

    assertThat(new int[] {resized[0], resized[3], resized[6] & 0xff, resized[9] & 0xff})
        .containsExactly(0, 63, 191, 255);
  }

  private static byte[] resize(byte[] source, int width, int height, int size, Resize resize) {
    ByteBuffer target = ByteBuffer.allocateDirect(size * size * 3 + 5);
    Resizer.of(new Preprocessing(size, resize))
        .resize(ByteBuffer.wrap(source), width, height, target, 5);
    byte[] resized = new byte[size * size * 3];
    target.get(5, resized);
    return resized;
  }

  private static double bilinear(
      byte[] source, int width, int height, int size, int x, int y, int c) {
    double atX = Math.min(Math.max((x + 0.5) * width / size - 0.5, 0), width - 1);
    double atY = Math.min(Math.max((y + 0.5) * height / size - 0.5, 0), height - 1);
    int left = (int) atX;
    int top = (int) atY;
    int right = Math.min(left + 1, width - 1);
    int bottom = Math.min(top + 1, height - 1);
    double wx = atX - left;
    double wy = atY - top;
    return (1 - wy)
            * ((1 - wx) * sample(source, width, left, top, c)
                + wx * sample(source, width, right, top, c))
        + wy
            * ((1 - wx) * sample(source, width, left, bottom, c)
                + wx * sample(source, width, right, bottom, c));
  }

  private static double areaMean(
      byte[] source, int width, int height, int size, int x, int y, int c) {
    int smaller = Math.min(width, height);
    double resized = Math.rint(size * 256.0 / 224);
    double wide = Math.rint(width * resized / smaller);
    double high = Math.rint(height * resized / smaller);
    double left = (x + Math.floor((wide - size) / 2)) * width / wide;
    double top = (y + Math.floor((high - size) / 2)) * height / high;
    double right = left + width / wide;
    double bottom = top + height / high;
    double sum = 0;
    for (int v = (int) top; v < Math.min(bottom, height); v++) {
      for (int u = (int) left; u < Math.min(right, width); u++) {
        double share =
            (Math.min(right, u + 1) - Math.max(left, u))
                * (Math.min(bottom, v + 1) - Math.max(top, v));
        sum += share * sample(source, width, u, v, c);
      }
    }
    return sum / ((right - left) * (bottom - top));
  }

  private static int sample(byte[] source, int width, int x, int y, int c) {
    return source[(y * width + x) * 3 + c] & 0xff;
  }

  private static byte[] random(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }
}
