package dev.vmoe.core.image;

import static org.bytedeco.opencv.global.opencv_core.CV_16UC4;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC3;
import static org.bytedeco.opencv.global.opencv_core.CV_8UC4;
import static org.bytedeco.opencv.global.opencv_imgcodecs.IMWRITE_WEBP_QUALITY;
import static org.bytedeco.opencv.global.opencv_imgcodecs.imencode;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Scalar;

/** Images made in code: by the JDK's encoders, by OpenCV's, or byte by byte. */
public final class TestImages {

  private TestImages() {}

  /** Returns an image of one colour. */
  public static BufferedImage plain(int width, int height, Color colour) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    paint(image, colour, 0, 0, width, height);
    return image;
  }

  /** Returns an image of one colour that has a palette, as GIFs have: quick to encode as one. */
  static BufferedImage indexed(int width, int height, Color colour) {
    byte[] reds = {(byte) colour.getRed(), 0};
    byte[] greens = {(byte) colour.getGreen(), 0};
    byte[] blues = {(byte) colour.getBlue(), 0};
    return new BufferedImage(
        width,
        height,
        BufferedImage.TYPE_BYTE_INDEXED,
        new IndexColorModel(8, 2, reds, greens, blues));
  }

  /** Returns an image that differs in every pixel. */
  public static BufferedImage noise(int width, int height, long seed) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(seed);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, random.nextInt(0x1000000));
      }
    }
    return image;
  }

  /** Returns an image whose corners are red, green, blue and white, clockwise from top left. */
  static BufferedImage corners(int width, int height) {
    BufferedImage image = plain(width, height, Color.WHITE);
    paint(image, Color.RED, 0, 0, width / 2, height / 2);
    paint(image, Color.GREEN, width / 2, 0, width / 2, height / 2);
    paint(image, Color.BLUE, width / 2, height / 2, width / 2, height / 2);
    return image;
  }

  private static void paint(BufferedImage image, Color colour, int x, int y, int w, int h) {
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(colour);
    graphics.fillRect(x, y, w, h);
    graphics.dispose();
  }

  /** Returns the file that the JDK writes. */
  public static byte[] encoded(BufferedImage image, String format) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image, format, out)) {
        throw new IllegalArgumentException("no writer for " + format);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static byte[] progressiveJpeg(BufferedImage image) {
    return jpeg(new IIOImage(image, null, null), true);
  }

  /** Returns a CMYK JPEG as print programs write it: values inverted, and marked by Adobe. */
  public static byte[] cmykJpeg(
      int width, int height, int cyan, int magenta, int yellow, int black) {
    WritableRaster raster =
        Raster.createInterleavedRaster(java.awt.image.DataBuffer.TYPE_BYTE, width, height, 4, null);
    int[] inverted = {255 - cyan, 255 - magenta, 255 - yellow, 255 - black};
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        raster.setPixel(x, y, inverted);
      }
    }
    byte[] adobe = bytes(0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0);
    return afterStart(jpeg(new IIOImage(raster, null, null), false), adobe);
  }

  private static byte[] jpeg(IIOImage image, boolean progressive) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
      writer.setOutput(stream);
      ImageWriteParam settings = writer.getDefaultWriteParam();
      settings.setProgressiveMode(
          progressive ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
      writer.write(null, image, settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  /** Returns the JPEG with an EXIF orientation, 1 to 8. */
  public static byte[] withOrientation(byte[] jpeg, int orientation) {
    return afterStart(
        jpeg,
        bytes(
            0xff,
            0xe1,
            0,
            34,
            'E',
            'x',
            'i',
            'f',
            0,
            0,
            'M',
            'M',
            0,
            42,
            0,
            0,
            0,
            8,
            0,
            1,
            1,
            0x12,
            0,
            3,
            0,
            0,
            0,
            1,
            0,
            orientation,
            0,
            0,
            0,
            0,
            0,
            0));
  }

  private static byte[] afterStart(byte[] jpeg, byte[] segment) {
    return ByteBuffer.allocate(jpeg.length + segment.length)
        .put(jpeg, 0, 2)
        .put(segment)
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }

  static BufferedImage palette(int width, int height) {
    byte[] reds = {(byte) 250, 1};
    byte[] greens = {20, 2};
    byte[] blues = {30, (byte) 240};
    IndexColorModel colours = new IndexColorModel(1, 2, reds, greens, blues);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_BINARY, colours);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, x < width / 2 ? colours.getRGB(0) : colours.getRGB(1));
      }
    }
    return image;
  }

  /** Returns a GIF of several frames, one of each colour. */
  public static byte[] animatedGif(int width, int height, Color... frames) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.prepareWriteSequence(null);
      for (Color frame : frames) {
        writer.writeToSequence(new IIOImage(indexed(width, height, frame), null, null), null);
      }
      writer.endWriteSequence();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  /** Returns a WebP with alpha where the image has it: lossless at quality 101. */
  static byte[] webp(BufferedImage image, int quality) {
    boolean alpha = image.getColorModel().hasAlpha();
    int channels = alpha ? 4 : 3;
    byte[] pixels = new byte[image.getWidth() * image.getHeight() * channels];
    for (int i = 0; i < image.getWidth() * image.getHeight(); i++) {
      int argb = image.getRGB(i % image.getWidth(), i / image.getWidth());
      for (int c = 0; c < channels; c++) {
        pixels[i * channels + c] = (byte) (argb >>> (8 * c));
      }
    }
    try (BytePointer data = new BytePointer(pixels);
        Mat mat = new Mat(image.getHeight(), image.getWidth(), alpha ? CV_8UC4 : CV_8UC3, data)) {
      return encoded(mat, ".webp", IMWRITE_WEBP_QUALITY, quality);
    }
  }

  /** Returns a PNG of one colour with 16-bit samples and alpha. */
  public static byte[] deepPng(int width, int height, int red, int green, int blue, int alpha) {
    try (Scalar colour = new Scalar(blue, green, red, alpha);
        Mat mat = new Mat(height, width, CV_16UC4, colour)) {
      return encoded(mat, ".png");
    }
  }

  /** Returns an image of one colour with four channels. */
  public static byte[] withFourthChannel(
      String extension, int width, int height, int red, int green, int blue, int alpha) {
    try (Scalar colour = new Scalar(blue, green, red, alpha);
        Mat mat = new Mat(height, width, CV_8UC4, colour)) {
      return encoded(mat, extension);
    }
  }

  private static byte[] encoded(Mat mat, String extension, int... settings) {
    try (IntPointer parameters = new IntPointer(settings);
        BytePointer encoded = new BytePointer()) {
      imencode(extension, mat, encoded, parameters);
      byte[] file = new byte[(int) encoded.limit()];
      encoded.get(file);
      return file;
    }
  }

  /** Returns an animated WebP of several frames, one of each colour. */
  static byte[] animatedWebp(int width, int height, Color... frames) {
    ByteArrayOutputStream chunks = new ByteArrayOutputStream();
    chunks.writeBytes(riff("VP8X", bytes(2, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0)));
    chunks.writeBytes(riff("ANIM", bytes(0, 0, 0, 0, 0, 0)));
    for (Color frame : frames) {
      byte[] still = webp(plain(width, height, frame), 101);
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      body.writeBytes(bytes(0, 0, 0, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0, 100, 0, 0, 0));
      body.write(still, 12, still.length - 12);
      chunks.writeBytes(riff("ANMF", body.toByteArray()));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("WEBP".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(chunks.toByteArray());
    return riff("RIFF", out.toByteArray());
  }

  private static byte[] riff(String type, byte[] data) {
    return ByteBuffer.allocate(8 + data.length + (data.length & 1))
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(type.getBytes(StandardCharsets.US_ASCII))
        .putInt(data.length)
        .put(data)
        .array();
  }

  /** Returns the RGB bytes, (height, width, 3). */
  static byte[] rgb(BufferedImage image) {
    byte[] rgb = new byte[image.getWidth() * image.getHeight() * 3];
    for (int i = 0; i < image.getWidth() * image.getHeight(); i++) {
      int pixel = image.getRGB(i % image.getWidth(), i / image.getWidth());
      rgb[i * 3] = (byte) (pixel >> 16);
      rgb[i * 3 + 1] = (byte) (pixel >> 8);
      rgb[i * 3 + 2] = (byte) pixel;
    }
    return rgb;
  }

  static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
