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

  private static final int WHITE = 255;

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
    ImageFile file = ImageFile.of(requireSize(encoded));
    ImageFile.Claims claims = withinLimits(file);
    file.requireWhole();
    try (BytePointer data = new BytePointer(encoded);
        Mat stored = new Mat(1, encoded.length, CV_8UC1, data);
        Mat image = imdecode(stored, claims.alpha() ? WITH_ALPHA : IMREAD_COLOR_RGB)) {
      if (image.empty()) {
        requireMemory(file, claims);
        throw file.corrupt("its pixels cannot be decoded");
      }
      requireAsClaimed(image, file, claims);
      ByteBuffer pixels = pixels(image);
      if (claims.alpha()) {
        layOverWhite(pixels, (int) claims.pixels(), image.channels(), (int) image.elemSize1());
      }
      resizer.resize(pixels, image.cols(), image.rows(), images, offset);
    } catch (RuntimeException e) {
      // OpenCV's C++ exceptions arrive as this type, with their message
      if (OpenCv.isOutOfMemory(e)) {
        throw noMemory(file, claims, e);
      }
      throw file.corrupt(firstLine(e));
    }
  }

  @Override
  public long decodeBytes(byte[] encoded) throws BadImageException {
    ImageFile file = ImageFile.of(requireSize(encoded));
    return bytes(file, withinLimits(file));
  }

  private static long bytes(ImageFile file, ImageFile.Claims claims) throws BadImageException {
    return file.pixelBytes(claims) + (long) COPIES_OF_FILE * file.bytes.length + TABLES;
  }

  private byte[] requireSize(byte[] encoded) throws BadImageException {
    limits.requireBytes(encoded.length);
    return encoded;
  }

  private ImageFile.Claims withinLimits(ImageFile file) throws BadImageException {
    ImageFile.Claims claims = file.claims();
    limits.requirePixels(claims, file.bytes.length);
    DecoderLimits.requireSides(claims, resizer.maxSide());
    return claims;
  }

  /**
   * Checks, for a file that gave no picture, that its memory can be had: the format's library says
   * of a failed allocation no more than of a damaged file.
   */
  private static void requireMemory(ImageFile file, ImageFile.Claims claims)
      throws BadImageException {
    try {
      OpenCv.requireMemory(bytes(file, claims));
    } catch (OutOfMemoryError e) {
      throw noMemory(file, claims, e);
    }
  }

  /** An error, because it is not the image's fault: a dead letter would be wrong. */
  private static OutOfMemoryError noMemory(
      ImageFile file, ImageFile.Claims claims, Throwable cause) {
    OutOfMemoryError error =
        new OutOfMemoryError(
            "no memory outside the heap to decode a %s of %d x %d pixels"
                .formatted(file.label(), claims.width(), claims.height()));
    error.initCause(cause);
    return error;
  }

  private static void requireAsClaimed(Mat image, ImageFile file, ImageFile.Claims claims)
      throws BadImageException {
    boolean asClaimed = image.cols() == claims.width() && image.rows() == claims.height();
    boolean turned = image.cols() == claims.height() && image.rows() == claims.width();
    boolean readable = image.isContinuous() && image.channels() >= 3;
    if (!readable || !asClaimed && !turned) {
      throw file.corrupt(
          "claims %d x %d pixels and has %d x %d of %d channels"
              .formatted(
                  claims.width(), claims.height(), image.cols(), image.rows(), image.channels()));
    }
  }

  /**
   * Lays transparent pixels over white, as a viewer would show them, and turns BGR or BGRA into
   * RGB. In place: no pixel needs more bytes than before.
   *
   * @param pixels (count, channels) of samples; (count, 3) uint8 afterwards
   * @param channels 3 or 4
   * @param sampleBytes 1, or 2 for little-endian samples, of which the upper byte counts
   */
  private static void layOverWhite(ByteBuffer pixels, int count, int channels, int sampleBytes) {
    for (int i = 0; i < count; i++) {
      int at = (i * channels + 1) * sampleBytes - 1;
      int blue = pixels.get(at) & 0xff;
      int green = pixels.get(at + sampleBytes) & 0xff;
      int red = pixels.get(at + 2 * sampleBytes) & 0xff;
      int alpha = channels > 3 ? pixels.get(at + 3 * sampleBytes) & 0xff : WHITE;
      pixels.put(3 * i, overWhite(red, alpha));
      pixels.put(3 * i + 1, overWhite(green, alpha));
      pixels.put(3 * i + 2, overWhite(blue, alpha));
    }
  }

  private static byte overWhite(int colour, int alpha) {
    return (byte) ((colour * alpha + WHITE * (WHITE - alpha) + WHITE / 2) / WHITE);
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
