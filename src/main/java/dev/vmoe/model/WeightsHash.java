package dev.vmoe.model;

import dev.vmoe.checkpoint.ParameterTree;
import dev.vmoe.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What tells the weights of two models apart: SHA-256 over each parameter in order of its path: the
 * path, its shape, its values as little-endian fp32.
 */
final class WeightsHash {

  private static final int CHUNK_VALUES = 1 << 14;

  private WeightsHash() {}

  /** Returns the hash in hexadecimal. */
  static String of(ParameterTree checkpoint) {
    MessageDigest digest = sha256();
    ByteBuffer chunk = ByteBuffer.allocate(4 * CHUNK_VALUES).order(ByteOrder.LITTLE_ENDIAN);
    for (String path : checkpoint.paths()) {
      Tensor tensor = checkpoint.get(path);
      String heading = path + tensor.describeShape() + "\n";
      digest.update(heading.getBytes(StandardCharsets.UTF_8));
      FloatBuffer values = tensor.values();
      while (values.hasRemaining()) {
        FloatBuffer part =
            values.slice(values.position(), Math.min(CHUNK_VALUES, values.remaining()));
        chunk.asFloatBuffer().put(part);
        digest.update(chunk.array(), 0, 4 * part.limit());
        values.position(values.position() + part.limit());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
