package dev.vmoe.core.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.ChildCommand;
import dev.vmoe.core.moe.Resize;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A file that OpenCV gives no picture for, or throws at, is a bad image and nothing worse. */
@Timeout(60)
class OpenCvRefusalIT {

  private static final int SIZE = 8;

  /** Tries to decode an image of this many pixels a side, whole or damaged. */
  public static void main(String[] args) {
    byte[] png = TestImages.encoded(TestImages.noise(SIZE, SIZE, 1), "png");
    if (args[0].equals("damaged")) {
      HandmadePngs.damageData(png);
    }
    ImageDecoder decoder =
        new OpenCvDecoder(
            new Preprocessing(SIZE, Resize.BILINEAR), new DecoderLimits(1_000, 10_000, 50));
    try {
      decoder.decode(png, ByteBuffer.allocateDirect(SIZE * SIZE * 3), 0);
      System.out.println("decoded");
    } catch (BadImageException e) {
      System.out.println("bad image: " + e.getMessage());
    }
  }

  /** Returns what the decoder says of an image where OpenCV takes none wider than this. */
  private static String decode(String image, int maxWidth) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(ChildCommand.of(OpenCvRefusalIT.class, "-Xmx64m"))
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.command().add(image);
    builder.environment().put("OPENCV_IO_MAX_IMAGE_WIDTH", Integer.toString(maxWidth));
    Process process = builder.start();
    try {
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
      return said;
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldRefuseAnImageThatOpenCvThrowsAt() throws Exception {
    assertThat(decode("whole", SIZE)).isEqualTo("decoded");
    assertThat(decode("whole", SIZE - 1))
        .startsWith("bad image: corrupt PNG: OpenCV")
        .contains("validateInputImageSize");
  }

  @Test
  void shouldRefuseAnImageThatOpenCvHasNoPictureOf() throws Exception {
    assertThat(decode("damaged", SIZE))
        .isEqualTo("bad image: corrupt PNG: its pixels cannot be decoded");
  }
}
