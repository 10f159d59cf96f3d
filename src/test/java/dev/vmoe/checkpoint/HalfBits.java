package dev.vmoe.checkpoint;

/** Rounds fp32 to the two 16-bit floating-point formats, to nearest, ties to even. */
final class HalfBits {

  private static final int MANTISSA_BITS_LOST = 13; // of fp32's 23, fp16 keeps 10
  private static final int EXPONENT_OFFSET = 127 - 15;
  private static final float SMALLEST_SUBNORMAL = 0x1p-24f;
  private static final float SMALLEST_NORMAL = 0x1p-14f;
  private static final float OVERFLOW = 65520; // rounds to infinity

  private HalfBits() {}

  static short toFloat16(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= OVERFLOW) {
      return (short) (sign | 0x7c00);
    }
    if (magnitude < SMALLEST_NORMAL) {
      return (short) (sign | (int) Math.rint(magnitude / SMALLEST_SUBNORMAL));
    }
    int rounded = roundOff(Float.floatToRawIntBits(magnitude), MANTISSA_BITS_LOST);
    return (short) (sign | (rounded - (EXPONENT_OFFSET << 10)));
  }

  static short toBfloat16(float value) {
    if (Float.isNaN(value)) {
      return 0x7fc0;
    }
    return (short) roundOff(Float.floatToRawIntBits(value), 16);
  }

  /** Returns the bits without the lowest {@code lost} ones; a carry goes into the exponent. */
  private static int roundOff(int bits, int lost) {
    int odd = (bits >>> lost) & 1;
    return (bits + (1 << (lost - 1)) - 1 + odd) >>> lost;
  }
}
