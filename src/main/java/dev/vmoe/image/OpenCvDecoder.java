package dev.vmoe.image;

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
    ImageHeader header = check(encoded);
    try (BytePointer data = new BytePointer(encoded);
        Mat file = new Mat(1, encoded.length, CV_8UC1, data);
        Mat image = imdecode(file, header.alpha() ? WITH_ALPHA : IMREAD_COLOR_RGB)) {
      requireAsClaimed(image, header);
      ByteBuffer pixels = pixels(image);
      if (header.alpha()) {
        OnWhite.flatten(pixels, (int) header.pixels(), image.channels(), (int) image.elemSize1());
      }
      resizer.resize(pixels, image.cols(), image.rows(), images, offset);
    } catch (RuntimeException e) {
      // OpenCV's C++ exceptions arrive as this type, with their message
      throw new BadImageException(
          "corrupt %s: %s".formatted(header.format().label(), firstLine(e)));
    }
  }

  private ImageHeader check(byte[] encoded) throws BadImageException {
    if (encoded.length == 0) {
      throw new BadImageException("image is empty (0 bytes)");
    }
    if (encoded.length > limits.maxBytes()) {
      throw new BadImageException(
          "image has %d bytes, limit is %d".formatted(encoded.length, limits.maxBytes()));
    }
    ImageHeader header = ImageHeader.of(encoded);
    header.requireWithin(limits.maxPixels());
    header.format().requireWhole(encoded);
    return header;
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
