package dev.vmoe.core.image;

import static org.bytedeco.opencv.global.opencv_core.CV_16UC4;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC3;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC4;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMWRITE_JPEG_PROGRESSIVE;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMWRITE_TIFF_COMPRESSION;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMWRITE_WEBP_QUALITY;
import static org.bytedeco.opencv.global.opencv_imgcodecs.imencode;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * A small whole file, from which damaged ones are made.
 *
 * @param format one of the six that are supported, in lower case
 * @param kind of that format
 * @param bytes of the file; nobody writes to it
 */
@SuppressWarnings("ArrayRecordComponent")
record WholeFile(String format, String kind, byte[] bytes) {

  private static final int WIDTH = 37;
  private static final int HEIGHT = 23;
  private static final int PIXELS = WIDTH * HEIGHT;

  /** Value of {@code IMWRITE_TIFF_COMPRESSION} for Deflate. */
  private static final int DEFLATE = 8;

  /** OpenCV takes a quality above 100 for lossless. */
  private static final int LOSSLESS = 101;

  /** Returns files of each format, in the kinds that different code reads. */
  static List<WholeFile> all() {
    byte[] samples = new byte[PIXELS * 8];
    new Random(5).nextBytes(samples);
    for (int i = 0; i < samples.length; i += 2) { // some runs, for what compresses
      samples[i] = (byte) (i / 256);
    }
    BufferedImage colour = image(samples, BufferedImage.TYPE_INT_RGB);
    return List.of(
        new WholeFile("jpeg", "baseline", byJdk(colour, "jpeg")),
        new WholeFile("jpeg", "grey", byJdk(image(samples, BufferedImage.TYPE_BYTE_GRAY), "jpeg")),
        new WholeFile(
            "jpeg", "progressive", byOpenCv(samples, CV_8UC3, ".jpg", IMWRITE_JPEG_PROGRESSIVE, 1)),
        new WholeFile("jpeg", "turned", turned(byJdk(colour, "jpeg"))),
        new WholeFile("png", "colour", byJdk(colour, "png")),
        new WholeFile(
            "png", "palette", byJdk(image(samples, BufferedImage.TYPE_BYTE_INDEXED), "png")),
        new WholeFile("png", "16 bit, alpha", byOpenCv(samples, CV_16UC4, ".png")),
        new WholeFile("png", "interlaced", interlacedPng(colour)),
        new WholeFile("gif", "still", byJdk(colour, "gif")),
        new WholeFile("gif", "animated", animatedGif(colour)),
        new WholeFile(
            "webp", "lossy", byOpenCv(samples, CV_8UC3, ".webp", IMWRITE_WEBP_QUALITY, 60)),
        new WholeFile(
            "webp", "lossy, alpha", byOpenCv(samples, CV_8UC4, ".webp", IMWRITE_WEBP_QUALITY, 60)),
        new WholeFile(
            "webp",
            "lossless",
            byOpenCv(samples, CV_8UC4, ".webp", IMWRITE_WEBP_QUALITY, LOSSLESS)),
        new WholeFile("bmp", "colour", byJdk(colour, "bmp")),
        new WholeFile("bmp", "runs", runLengthBmp()),
        new WholeFile("tiff", "of the JDK", byJdk(colour, "tiff")),
        new WholeFile("tiff", "LZW", byOpenCv(samples, CV_8UC3, ".tiff")),
        new WholeFile(
            "tiff",
            "16 bit, Deflate",
            byOpenCv(samples, CV_16UC4, ".tiff", IMWRITE_TIFF_COMPRESSION, DEFLATE)));
  }

  private static BufferedImage image(byte[] samples, int type) {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, type);
    ByteBuffer values = ByteBuffer.wrap(samples);
    for (int i = 0; i < PIXELS; i++) {
      image.setRGB(i % WIDTH, i / WIDTH, values.getInt(4 * i));
    }
    return image;
  }

  private static byte[] byJdk(BufferedImage image, String format) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, format, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] interlacedPng(BufferedImage image) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
      writer.setOutput(stream);
      ImageWriteParam settings = writer.getDefaultWriteParam();
      settings.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
      writer.write(null, new IIOImage(image, null, null), settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  private static byte[] animatedGif(BufferedImage image) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.prepareWriteSequence(writer.getDefaultStreamMetadata(writer.getDefaultWriteParam()));
      for (int frame = 0; frame < 3; frame++) {
        writer.writeToSequence(
            new IIOImage(
                image,
                null,
                writer.getDefaultImageMetadata(
                    ImageTypeSpecifier.createFromRenderedImage(image), null)),
            null);
      }
      writer.endWriteSequence();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  private static byte[] byOpenCv(byte[] samples, int type, String extension, int... settings) {
    try (BytePointer data = new BytePointer(samples);
        Mat mat = new Mat(HEIGHT, WIDTH, type, data);
        IntPointer parameters = new IntPointer(settings);
        BytePointer encoded = new BytePointer()) {
      imencode(extension, mat, encoded, parameters);
      byte[] file = new byte[(int) encoded.limit()];
      encoded.get(file);
      return file;
    }
  }

  /** Returns the JPEG with an EXIF block that says it lies on its side. */
  private static byte[] turned(byte[] jpeg) {
    byte[] exif = {'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1};
    return ByteBuffer.allocate(jpeg.length + 36)
        .put(jpeg, 0, 2)
        .putShort((short) 0xffe1)
        .putShort((short) 34)
        .put(exif)
        .putShort((short) 0x112) // orientation,
        .putShort((short) 3) // a short number,
        .putInt(1)
        .putShort((short) 6)
        .putShort((short) 0)
        .putInt(0) // and no more directories
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }

  /** Returns a 20 x 1 BMP of two runs. */
  private static byte[] runLengthBmp() {
    byte[] runs = {12, 0, 8, 1, 0, 0, 0, 1};
    int start = 54 + 256 * 4;
    return ByteBuffer.allocate(start + runs.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("BM".getBytes(StandardCharsets.US_ASCII))
        .putInt(start + runs.length)
        .putInt(0)
        .putInt(start)
        .putInt(40)
        .putInt(20)
        .putInt(1)
        .putShort((short) 1)
        .putShort((short) 8)
        .putInt(1)
        .putInt(runs.length)
        .position(start)
        .put(runs)
        .array();
  }
}
