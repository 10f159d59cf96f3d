package dev.vmoe.core.image;

import static org.bytedeco.opencv.global.opencv_core.CV_8UC1;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC3;
import static org.bytedeco.opencv.global.opencv_imgcodecs.imencode;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.opencv_core.Mat;

/** Encodes raw pixels as PNG, without loss. Safe for use by many threads. */
public final class PngEncoder {

  public PngEncoder() {
    OpenCv.load();
  }

  /**
   * Returns the PNG of a grey image.
   *
   * @param pixels (height, width) uint8
   */
  public byte[] encodeGrey(byte[] pixels, int width, int height) {
    return encode(pixels, width, height, CV_8UC1, 1);
  }

  /**
   * Returns the PNG of an image in colour.
   *
   * @param pixels (height, width, 3) uint8, RGB
   */
  public byte[] encodeRgb(byte[] pixels, int width, int height) {
    byte[] blueFirst = new byte[pixels.length]; // OpenCV's order
    for (int i = 0; i < pixels.length / 3 * 3; i++) {
      blueFirst[i] = pixels[i + 2 - 2 * (i % 3)];
    }
    return encode(blueFirst, width, height, CV_8UC3, 3);
  }

  private static byte[] encode(byte[] pixels, int width, int height, int type, int channels) {
    if (width < 1 || height < 1 || pixels.length != (long) width * height * channels) {
      throw new IllegalArgumentException(
          "%d bytes are not %d x %d pixels of %d channels"
              .formatted(pixels.length, width, height, channels));
    }
    try (BytePointer data = new BytePointer(pixels);
        Mat image = new Mat(height, width, type, data);
        BytePointer encoded = new BytePointer()) {
      if (!imencode(".png", image, encoded)) {
        throw new IllegalStateException("OpenCV wrote no PNG");
      }
      byte[] png = new byte[Math.toIntExact(encoded.limit())];
      encoded.get(png);
      return png;
    }
  }
}
