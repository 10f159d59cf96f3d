package dev.vmoe.core.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import dev.vmoe.core.tensor.Tensor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A file beside a model file that holds its weights (ONNX external data) if they are too large for
 * the model file itself.
 *
 * <pre>
 *   weight, padding to a page, weight, padding, … , SHA-256 of all before
 * </pre>
 *
 * <p>The model file names this file without a folder, so the two can be moved together. It repeats
 * the sum at the end: two imports of one architecture have data files of the same size, and the
 * wrong one would answer without an error.
 *
 * @param name of the file, in the model file's folder
 * @param bytes its size
 * @param sum SHA-256 in hexadecimal
 */
record DataFile(String name, long bytes, String sum) {

  /** Weights start at pages, so that a runtime can map them into memory. */
  private static final int PAGE_BYTES = 4096;

  private static final int SUM_BYTES = 32;
  private static final String NAME_KEY = "external_data.name";
  private static final String BYTES_KEY = "external_data.bytes";
  private static final String SUM_KEY = "external_data.sha256";

  /**
   * Writes weights.
   *
   * @param file where to write
   * @param name final name of the file
   * @param headers receives each weight's description, with the position of its values
   */
  static DataFile write(
      Path file, String name, Map<String, Tensor> weights, Consumer<TensorProto.Builder> headers)
      throws IOException {
    MessageDigest digest = WeightBytes.sha256();
    WeightBytes bytes = new WeightBytes();
    byte[] padding = new byte[PAGE_BYTES];
    long position = 0;
    try (OutputStream plain = new BufferedOutputStream(Files.newOutputStream(file))) {
      OutputStream out = new DigestOutputStream(plain, digest);
      for (Map.Entry<String, Tensor> entry : weights.entrySet()) {
        int gap = Math.floorMod(-position, PAGE_BYTES);
        out.write(padding, 0, gap);
        position += gap;
        long size = WeightBytes.size(entry.getValue());
        bytes.write(entry.getValue(), out);
        headers.accept(
            OnnxModel.header(entry.getKey(), entry.getValue())
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(OnnxModel.entry("location", name))
                .addExternalData(OnnxModel.entry("offset", Long.toString(position)))
                .addExternalData(OnnxModel.entry("length", Long.toString(size))));
        position += size;
      }
      byte[] sum = digest.digest();
      plain.write(sum);
      return new DataFile(name, position + SUM_BYTES, HexFormat.of().formatHex(sum));
    }
  }

  /** Adds this file's name, size and sum to a model file's metadata. */
  void describe(Map<String, String> metadata) {
    metadata.put(NAME_KEY, name);
    metadata.put(BYTES_KEY, Long.toString(bytes));
    metadata.put(SUM_KEY, sum);
  }

  /**
   * Checks that the data file named by a model file, if it names one, is the file beside it. Reads
   * only the end of the file.
   *
   * @throws IOException if it is missing, truncated, or another model's; the message says what to
   *     do
   */
  static void check(Path model, Map<String, String> metadata) throws IOException {
    String name = metadata.get(NAME_KEY);
    if (name == null) {
      return;
    }
    Path file = model.resolveSibling(name);
    if (!Files.isReadable(file)) {
      throw new IOException(
          String.format(
              "%s has its weights in a second file, and %s cannot be read: put it beside the"
                  + " model, under the name it was written with",
              model, file));
    }
    long size = Files.size(file);
    if (!Long.toString(size).equals(metadata.get(BYTES_KEY))) {
      throw new IOException(
          String.format(
              "%s has %d bytes, but %s was written with %s bytes beside it: copy both files again,"
                  + " or import the checkpoint again",
              file, size, model, metadata.get(BYTES_KEY)));
    }
    if (!sum(file).equals(metadata.get(SUM_KEY))) {
      throw new IOException(
          String.format(
              "%s holds other weights than %s was written with: copy both files again, or import"
                  + " the checkpoint again",
              file, model));
    }
  }

  /** Returns the sum stored at the end of a file. */
  private static String sum(Path file) throws IOException {
    try (RandomAccessFile data = new RandomAccessFile(file.toFile(), "r")) {
      byte[] sum = new byte[SUM_BYTES];
      data.seek(Math.max(0, data.length() - SUM_BYTES));
      data.readFully(sum);
      return HexFormat.of().formatHex(sum);
    }
  }
}
