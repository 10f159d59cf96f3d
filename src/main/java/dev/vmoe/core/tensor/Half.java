package dev.vmoe.core.tensor;

/** The two 16-bit floating-point formats, to and from fp32. */
public final class Half {

  private static final int MANTISSA_BITS = 10;
  private static final int MANTISSA_BITS_LOST = 13; // of fp32's 23
  private static final int EXPONENT_BIAS = 15;
  private static final int EXPONENT_OFFSET = 127 - EXPONENT_BIAS;
  private static final float SMALLEST_NORMAL = 0x1p-14f;
  private static final float SMALLEST_SUBNORMAL = 0x1p-24f;

  /** The smallest number that rounds to infinity in fp16. */
  private static final float TOO_LARGE = 65_520;

  private Half() {}

  /** Returns what the bits of an fp16 stand for. */
  public static float fromFloat16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >> MANTISSA_BITS) & 0x1f;
    int mantissa = bits & 0x3ff;
    if (exponent == 0) {
      return Math.copySign(mantissa * SMALLEST_SUBNORMAL, Float.intBitsToFloat(sign));
    }
    int wideExponent = exponent == 0x1f ? 0xff : exponent + EXPONENT_OFFSET;
    return Float.intBitsToFloat(sign | wideExponent << 23 | mantissa << MANTISSA_BITS_LOST);
  }

  /** Returns what the bits of a bfloat16 stand for. */
  public static float fromBfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Returns the bits of the nearest fp16; of two, the even one. */
  public static short toFloat16(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return 0x7E00;
    }
    if (magnitude >= TOO_LARGE) {
      return (short) (sign | 0x7C00);
    }
    if (magnitude < SMALLEST_NORMAL) {
      return (short) (sign | (int) Math.rint(magnitude / SMALLEST_SUBNORMAL));
    }
    int exponent = Math.getExponent(magnitude);
    int mantissa = (int) Math.rint(Math.scalb((double) magnitude, MANTISSA_BITS - exponent));
    int above = mantissa - (1 << MANTISSA_BITS); // a carry ends up in the exponent, as it should
    return (short) ((sign | ((exponent + EXPONENT_BIAS) << MANTISSA_BITS)) + above);
  }
}
