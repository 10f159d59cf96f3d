package dev.vmoe.image;

import static org.bytedeco.opencv.global.opencv_core.CV_8UC1;
import static org.bytedeco.opencv.global.opencv_imgcodecs.imencode;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.opencv_core.Mat;

/** Encodes raw grey pixels as PNG, without loss. Safe for use by many threads. */
public final class PngEncoder {

  /** Creates an encoder; loads OpenCV. */
  public PngEncoder() {
    OpenCv.load();
  }

  /**
   * Returns the PNG of a grey image.
   *
   * @param pixels (height, width) uint8
   */
  public byte[] encodeGrey(byte[] pixels, int width, int height) {
    if (width < 1 || height < 1 || pixels.length != (long) width * height) {
      throw new IllegalArgumentException(
          "%d pixels are not %d x %d".formatted(pixels.length, width, height));
    }
    try (BytePointer data = new BytePointer(pixels);
        Mat image = new Mat(height, width, CV_8UC1, data);
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
