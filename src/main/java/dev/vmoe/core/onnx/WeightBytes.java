package dev.vmoe.core.onnx;

import dev.vmoe.core.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Writes weights as model files store them, little-endian fp32, a window at a time: no full copy.
 */
public final class WeightBytes {

  private static final int WINDOW_VALUES = 1 << 16;

  private final ByteBuffer window =
      ByteBuffer.allocate(Float.BYTES * WINDOW_VALUES).order(ByteOrder.LITTLE_ENDIAN);

  /** Returns how many bytes a weight takes. */
  static long size(Tensor weight) {
    return (long) Float.BYTES * weight.size();
  }

  /** Writes a weight. */
  public void write(Tensor weight, OutputStream out) throws IOException {
    FloatBuffer values = weight.values();
    while (values.hasRemaining()) {
      int count = Math.min(WINDOW_VALUES, values.remaining());
      window.asFloatBuffer().put(values.slice(values.position(), count));
      out.write(window.array(), 0, Float.BYTES * count);
      values.position(values.position() + count);
    }
  }

  /** Returns a new SHA-256. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
