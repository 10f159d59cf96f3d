package dev.vmoe.core.image;

import java.nio.ByteBuffer;

/** Lays transparent pixels over white, as a viewer would show them. */
final class OnWhite {

  private static final int CHANNELS = 3;
  private static final int WHITE = 255;

  private OnWhite() {}

  /**
   * Turns BGR or BGRA into RGB, in place: no pixel needs more bytes than before.
   *
   * @param pixels (count, channels) of samples; (count, 3) uint8 afterwards
   * @param channels 3 or 4
   * @param sampleBytes 1, or 2 for little-endian samples, of which the upper byte counts
   */
  static void flatten(ByteBuffer pixels, int count, int channels, int sampleBytes) {
    int upper = sampleBytes - 1;
    for (int i = 0; i < count; i++) {
      int at = i * channels * sampleBytes + upper;
      int blue = pixels.get(at) & 0xff;
      int green = pixels.get(at + sampleBytes) & 0xff;
      int red = pixels.get(at + 2 * sampleBytes) & 0xff;
      int alpha = channels > CHANNELS ? pixels.get(at + 3 * sampleBytes) & 0xff : WHITE;
      pixels.put(i * CHANNELS, over(red, alpha));
      pixels.put(i * CHANNELS + 1, over(green, alpha));
      pixels.put(i * CHANNELS + 2, over(blue, alpha));
    }
  }

  private static byte over(int colour, int alpha) {
    return (byte) ((colour * alpha + WHITE * (WHITE - alpha) + WHITE / 2) / WHITE);
  }
}
