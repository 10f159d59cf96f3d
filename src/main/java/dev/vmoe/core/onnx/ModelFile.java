package dev.vmoe.core.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * A model file that {@link OnnxModel} wrote, read without its graph: what it says about itself, and
 * whether its weights are there.
 *
 * <p>Weights that are too large for it lie in a data file beside it (ONNX external data), which the
 * model file names without a folder, so that the two can be moved together:
 *
 * <pre>
 *   weight, padding to a page, weight, padding, … , SHA-256 of all before
 * </pre>
 *
 * <p>The model file repeats the sum: two imports of one architecture have data files of the same
 * size, and the wrong one would answer without an error.
 */
public final class ModelFile {

  static final String DATA_NAME = "external_data.name";
  static final String DATA_BYTES = "external_data.bytes";
  static final String DATA_SUM = "external_data.sha256";
  static final int SUM_BYTES = 32;

  private ModelFile() {}

  /**
   * Returns the metadata of a model file; skips graph and weights.
   *
   * @throws IOException if the file cannot be read, or is no model file
   */
  public static Map<String, String> metadata(Path file) throws IOException {
    Map<String, String> metadata = new TreeMap<>();
    try (InputStream bytes = Files.newInputStream(file)) {
      CodedInputStream in = CodedInputStream.newInstance(bytes);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (WireFormat.getTagFieldNumber(tag) == ModelProto.METADATA_PROPS_FIELD_NUMBER) {
          StringStringEntryProto entry = StringStringEntryProto.parseFrom(in.readByteArray());
          metadata.put(entry.getKey(), entry.getValue());
        } else {
          in.skipField(tag);
        }
      }
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + " is no ONNX file: " + e.getMessage(), e);
    }
    return metadata;
  }

  /**
   * Checks that a model file has its weights: inside, or in the data file that was written with it.
   * Reads only the end of the data file.
   *
   * @throws IOException if the data file is missing, truncated, or another model's, or if this is
   *     no model file; the message says what to do
   */
  public static void requireWeights(Path model) throws IOException {
    Map<String, String> metadata = metadata(model);
    String name = metadata.get(DATA_NAME);
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
    if (!Long.toString(size).equals(metadata.get(DATA_BYTES))) {
      throw new IOException(
          String.format(
              "%s has %d bytes, but %s was written with %s bytes beside it: copy both files again,"
                  + " or import the checkpoint again",
              file, size, model, metadata.get(DATA_BYTES)));
    }
    if (!sum(file).equals(metadata.get(DATA_SUM))) {
      throw new IOException(
          String.format(
              "%s holds other weights than %s was written with: copy both files again, or import"
                  + " the checkpoint again",
              file, model));
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

  /** Returns the sum at the end of a data file. */
  private static String sum(Path file) throws IOException {
    try (RandomAccessFile data = new RandomAccessFile(file.toFile(), "r")) {
      byte[] sum = new byte[SUM_BYTES];
      data.seek(Math.max(0, data.length() - SUM_BYTES));
      data.readFully(sum);
      return HexFormat.of().formatHex(sum);
    }
  }
}
