package dev.vmoe.checkpoint;

/** Converts the two 16-bit floating-point formats to fp32. */
final class Half {

  private static final int MANTISSA_BITS_LOST = 13; // of fp32's 23, fp16 keeps 10
  private static final int EXPONENT_OFFSET = 127 - 15;
  private static final float SMALLEST_SUBNORMAL = 0x1p-24f;

  private Half() {}

  static float fromFloat16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >> 10) & 0x1f;
    int mantissa = bits & 0x3ff;
    if (exponent == 0) {
      return Math.copySign(mantissa * SMALLEST_SUBNORMAL, Float.intBitsToFloat(sign));
    }
    int wideExponent = exponent == 0x1f ? 0xff : exponent + EXPONENT_OFFSET;
    return Float.intBitsToFloat(sign | wideExponent << 23 | mantissa << MANTISSA_BITS_LOST);
  }

  static float fromBfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
