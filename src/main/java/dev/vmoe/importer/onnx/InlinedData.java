package dev.vmoe.importer.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import dev.vmoe.core.onnx.OnnxModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Brings the values of tensors that lie in files beside a model file (external data) into it. */
final class InlinedData {

  private final Path model;
  private long bytes;

  InlinedData(Path model) {
    this.model = model;
  }

  /**
   * Reads the values of a tensor, if they are in another file.
   *
   * @throws IOException if that file is missing, too short, or outside the model's folder, or if
   *     more than {@link OnnxModel#INLINE_BYTES} come together
   */
  void inline(TensorProto.Builder tensor) throws IOException {
    if (tensor.getDataLocation() != TensorProto.DataLocation.EXTERNAL) {
      return;
    }
    Map<String, String> entries = new HashMap<>();
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      entries.put(entry.getKey(), entry.getValue());
    }
    Path file = file(entries.getOrDefault("location", ""));
    try (FileChannel data = FileChannel.open(file)) {
      long offset = Long.parseLong(entries.getOrDefault("offset", "0"));
      long length =
          entries.containsKey("length")
              ? Long.parseLong(entries.get("length"))
              : ofShape(tensor, data.size() - offset);
      if (offset < 0 || length < 0 || offset > data.size() - length) {
        throw new IOException(
            "%s holds %d bytes, and %s of %s has %d from %d on: copy both files again"
                .formatted(file, data.size(), tensor.getName(), model, length, offset));
      }
      bytes += length;
      if (bytes > OnnxModel.INLINE_BYTES) {
        throw new IOException(
            "%s has more than %d bytes of weights: too many for an import"
                .formatted(model, OnnxModel.INLINE_BYTES));
      }
      ByteBuffer values = ByteBuffer.allocate(Math.toIntExact(length));
      int read = 0;
      while (values.hasRemaining() && read >= 0) {
        read = data.read(values, offset + values.position());
      }
      tensor.setRawData(ByteString.copyFrom(values.flip()));
    } catch (NumberFormatException e) {
      throw new IOException(model + " does not say where " + tensor.getName() + " lies", e);
    }
    tensor.clearExternalData().clearDataLocation();
  }

  /** Returns the bytes of a tensor by its type and shape; of other types, all that there are. */
  private static long ofShape(TensorProto.Builder tensor, long rest) throws IOException {
    DataType type = DataType.forNumber(tensor.getDataType());
    int bits =
        switch (type == null ? DataType.UNDEFINED : type) {
          case COMPLEX128 -> 128;
          case DOUBLE, INT64, UINT64, COMPLEX64 -> 64;
          case FLOAT, INT32, UINT32 -> 32;
          case FLOAT16, BFLOAT16, INT16, UINT16 -> 16;
          case INT8, UINT8, BOOL -> 8;
          case INT4, UINT4 -> 4;
          default -> 0;
        };
    if (bits == 0) {
      return rest;
    }
    try {
      long all = bits;
      for (long extent : tensor.getDimsList()) {
        all = Math.multiplyExact(all, extent);
      }
      return (all + Byte.SIZE - 1) / Byte.SIZE;
    } catch (ArithmeticException e) {
      throw new IOException(
          "%s has the shape %s, too large for any file"
              .formatted(tensor.getName(), tensor.getDimsList()),
          e);
    }
  }

  private Path file(String location) throws IOException {
    Path folder = model.toAbsolutePath().getParent();
    Path file = model.toAbsolutePath().resolveSibling(location).normalize();
    if (location.isEmpty() || folder == null || !file.startsWith(folder.normalize())) {
      throw new IOException(
          "%s names '%s' as the file of its weights: outside its folder"
              .formatted(model, location));
    }
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          "%s has weights in a second file, and %s does not exist: put it beside the model"
              .formatted(model, file));
    }
    if (!file.toRealPath().startsWith(folder.toRealPath())) {
      throw new IOException(file + " is a link that leads out of the model's folder");
    }
    return file;
  }
}
