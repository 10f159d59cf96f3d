package dev.vmoe.streams.topology;

import dev.vmoe.core.tensor.Half;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Features as predictions carry them: little-endian, in single or half precision. */
final class FeatureBytes {

  private FeatureBytes() {}

  /** Returns the bytes of these numbers, two or four each. */
  static ByteBuffer of(float[] features, boolean halves) {
    int size = halves ? Short.BYTES : Float.BYTES;
    ByteBuffer bytes = ByteBuffer.allocate(size * features.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float feature : features) {
      if (halves) {
        bytes.putShort(Half.toFloat16(feature));
      } else {
        bytes.putFloat(feature);
      }
    }
    return bytes.flip();
  }
}
