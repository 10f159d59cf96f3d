package dev.vmoe.core.image;

import dev.vmoe.core.moe.Resize;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time of one image from its file to its slot, on one core. The median is the figure to read: other
 * processes lengthen only some of the samples.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DecodeBenchmark {

  private static final DecoderLimits LIMITS =
      new DecoderLimits(1 << 25, 64_000_000, Integer.MAX_VALUE);
  private static final int LARGE = 224;

  private final byte[] png = new PngEncoder().encodeGrey(shape(28), 28, 28);
  private final byte[] jpeg = TestImages.encoded(photo(500, 375), "jpeg");
  private final ImageDecoder small = new OpenCvDecoder(of(28, Resize.BILINEAR), LIMITS);
  private final ImageDecoder bilinear = new OpenCvDecoder(of(LARGE, Resize.BILINEAR), LIMITS);
  private final ImageDecoder area = new OpenCvDecoder(of(LARGE, Resize.AREA), LIMITS);
  private final Resizer bilinearOnly = Resizer.of(of(LARGE, Resize.BILINEAR));
  private final Resizer areaOnly = Resizer.of(of(LARGE, Resize.AREA));
  private final ByteBuffer decoded = ByteBuffer.allocateDirect(500 * 375 * 3);
  private final ByteBuffer images = ByteBuffer.allocateDirect(LARGE * LARGE * 3);

  /** A grey 28 x 28 PNG. */
  @Benchmark
  public ByteBuffer png28() throws BadImageException {
    small.decode(png, images, 0);
    return images;
  }

  /** A 500 x 375 JPEG to 224 x 224, bilinear. */
  @Benchmark
  public ByteBuffer jpegBilinear() throws BadImageException {
    bilinear.decode(jpeg, images, 0);
    return images;
  }

  /** A 500 x 375 JPEG to 224 x 224 by area. */
  @Benchmark
  public ByteBuffer jpegArea() throws BadImageException {
    area.decode(jpeg, images, 0);
    return images;
  }

  /** The bilinear resize of that alone. */
  @Benchmark
  public ByteBuffer bilinearAlone() {
    bilinearOnly.resize(decoded, 500, 375, images, 0);
    return images;
  }

  /** The area resize of that alone. */
  @Benchmark
  public ByteBuffer areaAlone() {
    areaOnly.resize(decoded, 500, 375, images, 0);
    return images;
  }

  /** The checks before decoding alone. */
  @Benchmark
  public ImageFile.Claims checksAlone() throws BadImageException {
    ImageFile file = ImageFile.of(jpeg);
    file.requireWhole();
    return file.claims();
  }

  /** The JDK's decoder on the same JPEG, without resizing. */
  @Benchmark
  public BufferedImage jpegByImageIo() throws IOException {
    return ImageIO.read(new ByteArrayInputStream(jpeg));
  }

  private static Preprocessing of(int size, Resize resize) {
    return new Preprocessing(size, resize);
  }

  /** Returns a shape with a little noise on black. */
  private static byte[] shape(int side) {
    byte[] pixels = new byte[side * side];
    Random random = new Random(1);
    for (int i = 0; i < pixels.length; i++) {
      double x = i % side - side / 2.0;
      double y = i / side - side / 2.0;
      boolean inside = x * x + y * y / 2 < side * side / 8.0;
      pixels[i] = (byte) (inside ? 120 + 4 * x + 2 * y + random.nextInt(30) : 0);
    }
    return pixels;
  }

  /** Returns an image about as hard to decode as a photo: gradients, edges and some noise. */
  private static BufferedImage photo(int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setPaint(new GradientPaint(0, 0, Color.CYAN, width, height, Color.ORANGE));
    graphics.fillRect(0, 0, width, height);
    Random random = new Random(2);
    for (int i = 0; i < 40; i++) {
      graphics.setColor(new Color(random.nextInt(0x1000000)));
      graphics.fillOval(
          random.nextInt(width), random.nextInt(height), random.nextInt(90), random.nextInt(90));
    }
    graphics.dispose();
    for (int i = 0; i < width * height; i++) {
      int noise = random.nextInt(24);
      int pixel = image.getRGB(i % width, i / width);
      image.setRGB(i % width, i / width, (pixel & 0xe0e0e0) + noise * 0x010101);
    }
    return image;
  }
}
