package dev.vmoe.lab.routing;

import static org.bytedeco.opencv.global.opencv_core.CV_8UC1;
import static org.bytedeco.opencv.global.opencv_imgproc.FILLED;
import static org.bytedeco.opencv.global.opencv_imgproc.FONT_HERSHEY_SIMPLEX;
import static org.bytedeco.opencv.global.opencv_imgproc.LINE_8;
import static org.bytedeco.opencv.global.opencv_imgproc.LINE_AA;
import static org.bytedeco.opencv.global.opencv_imgproc.getTextSize;
import static org.bytedeco.opencv.global.opencv_imgproc.putText;
import static org.bytedeco.opencv.global.opencv_imgproc.rectangle;

import dev.vmoe.image.OpenCv;
import dev.vmoe.image.PngEncoder;
import dev.vmoe.picture.Canvas;
import dev.vmoe.profile.RoutingMapPicture;
import java.text.Normalizer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Point;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * A canvas that becomes a PNG. Texts use OpenCV's own stroke font, so that a machine without
 * display and fonts draws the same picture. The font is ASCII only: other letters lose their
 * accents or become question marks.
 */
public final class PngCanvas implements Canvas, AutoCloseable {

  /** Height of a line of OpenCV's font at its scale 1, in pixels. */
  private static final double FONT_SIZE = 30;

  private static final Scalar BLACK = Scalar.all(34);

  private final double scale;
  private final Mat image;

  /**
   * Creates a white canvas.
   *
   * @param scale pixels of the PNG for one pixel of the picture
   */
  private PngCanvas(int width, int height, double scale) {
    OpenCv.load();
    this.scale = scale;
    this.image =
        new Mat(
            (int) Math.ceil(height * scale),
            (int) Math.ceil(width * scale),
            CV_8UC1,
            Scalar.all(255));
  }

  /** Returns a routing map as a PNG file's bytes, twice as large. */
  public static byte[] of(RoutingMapPicture map) {
    try (PngCanvas canvas = new PngCanvas(map.width(), map.height(), 2)) {
      map.draw(canvas);
      return canvas.toPng();
    }
  }

  @Override
  public void box(double x, double y, double width, double height, int grey) {
    int left = pixel(x);
    int top = pixel(y);
    // Both corners are inside; neighbours that share an edge meet without a gap.
    int right = Math.max(left, pixel(x + width) - 1);
    int bottom = Math.max(top, pixel(y + height) - 1);
    try (Point from = new Point(left, top);
        Point to = new Point(right, bottom);
        Scalar colour = Scalar.all(grey)) {
      rectangle(image, from, to, colour, FILLED, LINE_8, 0);
    }
  }

  @Override
  public void text(double x, double y, Anchor anchor, double size, boolean bold, String text) {
    double fontScale = size * scale / FONT_SIZE;
    int thickness = Math.max(1, (int) Math.round(fontScale * (bold ? 2.2 : 1.2)));
    try (BytePointer ascii = new BytePointer(ascii(text));
        IntPointer baseLine = new IntPointer(1);
        Size extent = getTextSize(ascii, FONT_HERSHEY_SIMPLEX, fontScale, thickness, baseLine)) {
      int left =
          switch (anchor) {
            case START -> pixel(x);
            case MIDDLE -> pixel(x) - extent.width() / 2;
            case END -> pixel(x) - extent.width();
          };
      try (Point at = new Point(left, pixel(y))) {
        putText(
            image, ascii, at, FONT_HERSHEY_SIMPLEX, fontScale, BLACK, thickness, LINE_AA, false);
      }
    }
  }

  private int pixel(double place) {
    return (int) Math.round(place * scale);
  }

  private static String ascii(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFKD)
        .replaceAll("\\p{M}", "")
        .replaceAll("[^ -~]", "?");
  }

  /** Returns the picture so far as a PNG file's bytes. */
  private byte[] toPng() {
    return PngEncoder.encode(image);
  }

  @Override
  public void close() {
    image.close();
  }
}
