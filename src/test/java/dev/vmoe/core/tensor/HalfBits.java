package dev.vmoe.core.tensor;

/** Rounds fp32 to bfloat16, to nearest, ties to even. */
public final class HalfBits {

  private HalfBits() {}

  /** Returns the bits of the nearest bfloat16; a carry goes into the exponent. */
  public static short toBfloat16(float value) {
    if (Float.isNaN(value)) {
      return 0x7fc0;
    }
    int bits = Float.floatToRawIntBits(value);
    int odd = (bits >>> 16) & 1;
    return (short) ((bits + 0x7fff + odd) >>> 16);
  }
}
