package dev.vmoe.lab.bench;

import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/** Coloured JPEG files of any size from a seed, as heavy to decode as photographs of that size. */
public final class SyntheticImages {

  private static final int SHAPES = 60;

  private SyntheticImages() {}

  /** Returns this many different images; the same ones for the same seed. */
  public static List<byte[]> jpegs(int count, int width, int height, long seed) {
    Random random = new Random(seed);
    List<byte[]> images = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      images.add(jpeg(width, height, random));
    }
    return images;
  }

  private static byte[] jpeg(int width, int height, Random random) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    for (int s = 0; s < SHAPES; s++) {
      float x = random.nextFloat() * width;
      float y = random.nextFloat() * height;
      float size = 4 + random.nextFloat() * width / 2;
      graphics.setPaint(
          new GradientPaint(x, y, color(random), x + size, y + size, color(random), true));
      graphics.fill(new Ellipse2D.Float(x - size / 2, y - size / 2, size, size));
    }
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpeg", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static Color color(Random random) {
    return new Color(random.nextInt(256), random.nextInt(256), random.nextInt(256));
  }
}
