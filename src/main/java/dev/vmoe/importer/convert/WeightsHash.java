package dev.vmoe.importer.convert;

import dev.vmoe.core.onnx.ModelFile;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * What tells the weights of two models apart, all of them finite: SHA-256 over each parameter in
 * order of its path: the path, its shape, its values as little-endian fp32.
 */
final class WeightsHash {

  private WeightsHash() {}

  /**
   * Returns the hash in hexadecimal.
   *
   * @throws IllegalArgumentException if a value is no finite number: all answers would be none
   */
  static String of(ParameterTree checkpoint) {
    MessageDigest digest = ModelFile.sha256();
    OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest);
    try {
      for (String path : checkpoint.paths()) {
        Tensor tensor = checkpoint.get(path);
        requireFinite(path, tensor);
        out.write((path + tensor.describeShape() + "\n").getBytes(StandardCharsets.UTF_8));
        tensor.writeTo(out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing is written anywhere
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void requireFinite(String path, Tensor tensor) {
    for (int i = 0; i < tensor.size(); i++) {
      if (!Float.isFinite(tensor.at(i))) {
        throw new IllegalArgumentException(
            "parameter " + path + " has a value that is no finite number: " + tensor.at(i));
      }
    }
  }
}
