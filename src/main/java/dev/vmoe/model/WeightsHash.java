package dev.vmoe.model;

import dev.vmoe.checkpoint.ParameterTree;
import dev.vmoe.onnx.WeightBytes;
import dev.vmoe.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * What tells the weights of two models apart: SHA-256 over each parameter in order of its path: the
 * path, its shape, its values as little-endian fp32.
 */
final class WeightsHash {

  private WeightsHash() {}

  /** Returns the hash in hexadecimal. */
  static String of(ParameterTree checkpoint) {
    MessageDigest digest = WeightBytes.sha256();
    OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest);
    WeightBytes bytes = new WeightBytes();
    try {
      for (String path : checkpoint.paths()) {
        Tensor tensor = checkpoint.get(path);
        out.write((path + tensor.describeShape() + "\n").getBytes(StandardCharsets.UTF_8));
        bytes.write(tensor, out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing is written anywhere
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
