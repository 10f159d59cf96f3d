package dev.vmoe.streams;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Features as predictions carry them: little-endian, in single or half precision. */
final class FeatureBytes {

  /** The smallest number that rounds to infinity in half precision. */
  private static final float TOO_LARGE = 65_520;

  /** The smallest half that is not subnormal. */
  private static final float SMALLEST_NORMAL = 0x1p-14f;

  private static final int MANTISSA_BITS = 10;
  private static final int EXPONENT_BIAS = 15;

  private FeatureBytes() {}

  /** Returns the bytes of these numbers, two or four each. */
  static ByteBuffer of(float[] features, boolean halves) {
    int size = halves ? Short.BYTES : Float.BYTES;
    ByteBuffer bytes = ByteBuffer.allocate(size * features.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float feature : features) {
      if (halves) {
        bytes.putShort(half(feature));
      } else {
        bytes.putFloat(feature);
      }
    }
    return bytes.flip();
  }

  /** Returns the nearest number in half precision; of two, the even one. */
  static short half(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return 0x7E00;
    }
    if (magnitude >= TOO_LARGE) {
      return (short) (sign | 0x7C00);
    }
    if (magnitude < SMALLEST_NORMAL) {
      return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
    }
    int exponent = Math.getExponent(magnitude);
    int mantissa = (int) Math.rint(Math.scalb((double) magnitude, MANTISSA_BITS - exponent));
    int above = mantissa - (1 << MANTISSA_BITS); // a carry ends up in the exponent, as it should
    return (short) ((sign | ((exponent + EXPONENT_BIAS) << MANTISSA_BITS)) + above);
  }
}
