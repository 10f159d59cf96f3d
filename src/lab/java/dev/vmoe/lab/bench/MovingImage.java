package dev.vmoe.lab.bench;

import java.util.Random;

/**
 * An image that moves before a bad camera: it drifts and grows or shrinks evenly, flickers, and has
 * noise. The pixels at its edge are repeated outside.
 */
final class MovingImage {

  /** Maximum drift from the middle, as a part of the side. */
  private static final double DRIFT = 0.2;

  private static final double SMALLEST = 0.6;
  private static final double LARGEST = 1.1;
  private static final double DARKEST = 0.5;
  private static final double BRIGHTEST = 1.3;

  private final byte[] pixels;
  private final int side;
  private final int frames;
  private final double noise;
  private final Random random;
  private final double[] from;
  private final double[] to;

  /**
   * Draws a movement.
   *
   * @param pixels (side, side, 3) uint8
   * @param frames how many there will be, at least 2
   * @param noise deviation of each number, of 255
   */
  MovingImage(byte[] pixels, int side, int frames, double noise, long seed) {
    this.pixels = pixels;
    this.side = side;
    this.frames = frames;
    this.noise = noise;
    this.random = new Random(seed);
    this.from = place();
    this.to = place();
  }

  /** Returns a drift to the right and down in pixels, and a size. */
  private double[] place() {
    return new double[] {
      between(-DRIFT, DRIFT) * side, between(-DRIFT, DRIFT) * side, between(SMALLEST, LARGEST)
    };
  }

  private double between(double low, double high) {
    return low + (high - low) * random.nextDouble();
  }

  /** Returns a frame (side, side, 3); frames are asked for in order, each once. */
  byte[] frame(int number) {
    double part = (double) number / (frames - 1);
    double right = from[0] + part * (to[0] - from[0]);
    double down = from[1] + part * (to[1] - from[1]);
    double size = from[2] + part * (to[2] - from[2]);
    double light = between(DARKEST, BRIGHTEST);
    double middle = (side - 1) / 2.0;
    byte[] frame = new byte[pixels.length];
    for (int i = 0; i < frame.length; i++) {
      double row = middle + (i / (3 * side) - middle - down) / size;
      double column = middle + (i / 3 % side - middle - right) / size;
      double value = light * at(row, column, i % 3) + noise * random.nextGaussian();
      frame[i] = (byte) Math.max(0, Math.min(255, Math.round(value)));
    }
    return frame;
  }

  /** Returns the bilinear value between four pixels. */
  private double at(double row, double column, int channel) {
    double y = Math.max(0, Math.min(side - 1, row));
    double x = Math.max(0, Math.min(side - 1, column));
    int top = (int) y;
    int left = (int) x;
    int bottom = Math.min(side - 1, top + 1);
    int right = Math.min(side - 1, left + 1);
    double above = mix(pixel(top, left, channel), pixel(top, right, channel), x - left);
    double below = mix(pixel(bottom, left, channel), pixel(bottom, right, channel), x - left);
    return mix(above, below, y - top);
  }

  private static double mix(double a, double b, double part) {
    return a + part * (b - a);
  }

  private int pixel(int row, int column, int channel) {
    return pixels[3 * (row * side + column) + channel] & 0xFF;
  }
}
