package dev.vmoe.core.image;

import static org.bytedeco.opencv.global.opencv_core.CV_8UC1;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_ANYCOLOR;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_ANYDEPTH;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_COLOR;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMREAD_COLOR_RGB;
import static org.bytedeco.opencv.global.opencv_imgcodecs.imdecode;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * Decodes JPEG, PNG, WebP, BMP, TIFF and GIF with OpenCV; of several frames or pages, the first.
 *
 * <p>Images are turned upright by their EXIF orientation. Grey becomes three equal channels, 16-bit
 * samples lose their lower byte, CMYK is converted. Transparent parts of PNG, WebP and GIF become
 * white; the alpha of TIFF and BMP is ignored.
 *
 * <p>Size and completeness are checked first, since OpenCV allocates what a header claims.
 */
public final class OpenCvDecoder implements ImageDecoder {

  /** As stored, with alpha, but turned upright (IMREAD_UNCHANGED would not turn). */
  private static final int WITH_ALPHA = IMREAD_COLOR | IMREAD_ANYCOLOR | IMREAD_ANYDEPTH;

  /** Beside the pixels of an image: its file, which the decoder may copy, and small tables. */
  private static final long TABLES = 256 << 10;

  private static final int COPIES_OF_FILE = 2;

  private final Preprocessing preprocessing;
  private final DecoderLimits limits;
  private final Resizer resizer;

  /** Creates a decoder for a model's preprocessing; loads OpenCV. */
  public OpenCvDecoder(Preprocessing preprocessing, DecoderLimits limits) {
    this.preprocessing = preprocessing;
    this.limits = limits;
    this.resizer = Resizer.of(preprocessing);
    OpenCv.load();
  }

  @Override
  public void decode(byte[] encoded, ByteBuffer images, int slot) throws BadImageException {
    int offset = Math.multiplyExact(slot, preprocessing.slotBytes());
    if (!images.isDirect() || slot < 0 || images.limit() - offset < preprocessing.slotBytes()) {
      throw new IllegalArgumentException(
          "slot %d of %d bytes is not in %s".formatted(slot, preprocessing.slotBytes(), images));
    }
    ImageHeader header = withinLimits(encoded);
    header.format().requireWhole(encoded);
    try (BytePointer data = new BytePointer(encoded);
        Mat file = new Mat(1, encoded.length, CV_8UC1, data);
        Mat image = imdecode(file, header.alpha() ? WITH_ALPHA : IMREAD_COLOR_RGB)) {
      if (image.empty()) {
        requireMemory(encoded, header);
      }
      requireAsClaimed(image, header);
      ByteBuffer pixels = pixels(image);
      if (header.alpha()) {
        OnWhite.flatten(pixels, (int) header.pixels(), image.channels(), (int) image.elemSize1());
      }
      resizer.resize(pixels, image.cols(), image.rows(), images, offset);
    } catch (RuntimeException e) {
      // OpenCV's C++ exceptions arrive as this type, with their message
      if (OpenCv.isOutOfMemory(e)) {
        throw noMemory(header, e);
      }
      throw new BadImageException(
          "corrupt %s: %s".formatted(header.format().label(), firstLine(e)));
    }
  }

  @Override
  public long decodeBytes(byte[] encoded) throws BadImageException {
    return bytes(encoded, withinLimits(encoded));
  }

  private static long bytes(byte[] encoded, ImageHeader header) throws BadImageException {
    return header.format().pixelBytes(encoded, header)
        + (long) COPIES_OF_FILE * encoded.length
        + TABLES;
  }

  private ImageHeader withinLimits(byte[] encoded) throws BadImageException {
    limits.requireBytes(encoded.length);
    ImageHeader header = ImageHeader.of(encoded);
    limits.requirePixels(header, encoded.length);
    header.requireSides(resizer.maxSide());
    return header;
  }

  /**
   * Checks, for a file that gave no picture, that its memory can be had: the format's library says
   * of a failed allocation no more than of a damaged file.
   */
  private static void requireMemory(byte[] encoded, ImageHeader header) throws BadImageException {
    try {
      OpenCv.requireMemory(bytes(encoded, header));
    } catch (OutOfMemoryError e) {
      throw noMemory(header, e);
    }
  }

  /** An error, because it is not the image's fault: a dead letter would be wrong. */
  private static OutOfMemoryError noMemory(ImageHeader header, Throwable cause) {
    OutOfMemoryError error =
        new OutOfMemoryError(
            "no memory outside the heap to decode a %s of %d x %d pixels"
                .formatted(header.format().label(), header.width(), header.height()));
    error.initCause(cause);
    return error;
  }

  private static void requireAsClaimed(Mat image, ImageHeader header) throws BadImageException {
    String format = header.format().label();
    if (image.empty()) {
      throw new BadImageException("corrupt " + format + ": its pixels cannot be decoded");
    }
    boolean asClaimed = image.cols() == header.width() && image.rows() == header.height();
    boolean turned = image.cols() == header.height() && image.rows() == header.width();
    boolean readable = image.isContinuous() && image.channels() >= 3;
    if (!readable || !asClaimed && !turned) {
      throw new BadImageException(
          "corrupt %s: claims %d x %d pixels and has %d x %d of %d channels"
              .formatted(
                  format,
                  header.width(),
                  header.height(),
                  image.cols(),
                  image.rows(),
                  image.channels()));
    }
  }

  /** Returns the image's own memory; valid until the image is closed. */
  private static ByteBuffer pixels(Mat image) {
    BytePointer data = image.data();
    return data.capacity(image.total() * image.elemSize()).asByteBuffer();
  }

  private static String firstLine(RuntimeException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message.lines().findFirst().orElse("");
  }
}
