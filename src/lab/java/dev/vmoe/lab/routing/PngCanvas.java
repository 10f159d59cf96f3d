package dev.vmoe.lab.routing;

import static org.bytedeco.opencv.global.opencv_core.CV_8UC1;
import static org.bytedeco.opencv.global.opencv_imgproc.FILLED;
import static org.bytedeco.opencv.global.opencv_imgproc.FONT_HERSHEY_SIMPLEX;
import static org.bytedeco.opencv.global.opencv_imgproc.LINE_8;
import static org.bytedeco.opencv.global.opencv_imgproc.LINE_AA;
import static org.bytedeco.opencv.global.opencv_imgproc.getTextSize;
import static org.bytedeco.opencv.global.opencv_imgproc.putText;
import static org.bytedeco.opencv.global.opencv_imgproc.rectangle;

import dev.vmoe.core.image.OpenCv;
import dev.vmoe.core.image.PngEncoder;
import dev.vmoe.lab.picture.Canvas;
import dev.vmoe.lab.picture.CodePoints;
import java.awt.image.BufferedImage;
import java.text.Normalizer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.indexer.UByteIndexer;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Point;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;

/**
 * A canvas that becomes a PNG. Texts use OpenCV's own stroke font, so that a machine without
 * display and fonts draws the same picture. The font is ASCII only. Other letters lose their
 * accents. What is left is drawn in a font of the machine, if it has one that shows all of the
 * text; else a short name becomes its code points, and in a longer one those letters are question
 * marks.
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
    String ascii = withoutAccents(text);
    BufferedImage drawn =
        CodePoints.isAscii(ascii) ? null : InstalledFont.draw(text, size * scale, bold);
    if (drawn != null) {
      paste(drawn, pixel(x) - part(anchor, drawn.getWidth()), pixel(y));
      return;
    }
    write(x, y, anchor, size, bold, CodePoints.isAscii(ascii) ? ascii : replaced(text, ascii));
  }

  private void write(double x, double y, Anchor anchor, double size, boolean bold, String text) {
    double fontScale = size * scale / FONT_SIZE;
    int thickness = Math.max(1, (int) Math.round(fontScale * (bold ? 2.2 : 1.2)));
    try (BytePointer ascii = new BytePointer(text);
        IntPointer baseLine = new IntPointer(1);
        Size extent = getTextSize(ascii, FONT_HERSHEY_SIMPLEX, fontScale, thickness, baseLine)) {
      int left = pixel(x) - part(anchor, extent.width());
      try (Point at = new Point(left, pixel(y))) {
        putText(
            image, ascii, at, FONT_HERSHEY_SIMPLEX, fontScale, BLACK, thickness, LINE_AA, false);
      }
    }
  }

  private int pixel(double place) {
    return (int) Math.round(place * scale);
  }

  /** Returns how much of a width lies before the anchor. */
  private static int part(Anchor anchor, int width) {
    return switch (anchor) {
      case START -> 0;
      case MIDDLE -> width / 2;
      case END -> width;
    };
  }

  /** Darkens the picture by dark text on white, whose base line is {@link InstalledFont}'s. */
  private void paste(BufferedImage text, int left, int baseLine) {
    int top = baseLine - InstalledFont.baseLine(text);
    try (UByteIndexer pixels = image.createIndexer()) {
      for (int row = Math.max(0, -top); row < text.getHeight() && top + row < image.rows(); row++) {
        for (int c = Math.max(0, -left); c < text.getWidth() && left + c < image.cols(); c++) {
          int grey = text.getRaster().getSample(c, row, 0);
          pixels.put(top + row, left + c, Math.min(grey, pixels.get(top + row, left + c)));
        }
      }
    }
  }

  private static String withoutAccents(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFKD).replaceAll("\\p{Mn}", "");
  }

  private static String replaced(String text, String withoutAccents) {
    String points = CodePoints.of(text);
    return points.isEmpty() ? withoutAccents.replaceAll("[^ -~]", "?") : points;
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
