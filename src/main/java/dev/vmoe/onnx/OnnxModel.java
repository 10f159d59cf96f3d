package dev.vmoe.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import dev.vmoe.tensor.Tensor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * A finished graph with what is to be known about it.
 *
 * <p>Up to {@link #INLINE_BYTES} of weights lie in the model file itself. Larger ones go into a
 * file beside it, named like it with {@code .data} appended, since a model file cannot reach 2 GiB:
 * the two then travel together.
 */
public final class OnnxModel {

  /** Most bytes of weights that are kept in the model file. */
  public static final long INLINE_BYTES = 1L << 30;

  private static final long IR_VERSION = 8;
  private static final String PRODUCER = "vmoe-streams";

  private final GraphBuilder graph;
  private final Map<String, String> metadata;

  /** Finishes a graph. */
  public OnnxModel(GraphBuilder graph, Map<String, String> metadata) {
    this.graph = graph;
    this.metadata = new TreeMap<>(metadata);
  }

  /** Writes the model file, and the weights beside it where they are large. */
  public void write(Path file) throws IOException {
    write(file, INLINE_BYTES);
  }

  void write(Path file, long inlineBytes) throws IOException {
    long weightBytes =
        graph.weights().values().stream().mapToLong(weight -> 4L * weight.size()).sum();
    ModelProto.Builder model = withoutWeights();
    if (weightBytes <= inlineBytes) {
      graph
          .weights()
          .forEach(
              (name, weight) ->
                  model
                      .getGraphBuilder()
                      .addInitializer(
                          header(name, weight)
                              .setRawData(UnsafeByteOperations.unsafeWrap(bytes(weight)))));
    } else {
      writeBeside(file.resolveSibling(file.getFileName() + ".data"), model);
    }
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      model.build().writeTo(out);
    }
  }

  /**
   * Returns what is to be known about a model file, without its graph: weights are passed over.
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

  private void writeBeside(Path data, ModelProto.Builder model) throws IOException {
    long offset = 0;
    try (OutputStream out = Files.newOutputStream(data)) {
      for (Map.Entry<String, Tensor> entry : graph.weights().entrySet()) {
        byte[] bytes = bytes(entry.getValue()).array();
        out.write(bytes);
        model
            .getGraphBuilder()
            .addInitializer(
                header(entry.getKey(), entry.getValue())
                    .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                    .addExternalData(entry("location", data.getFileName().toString()))
                    .addExternalData(entry("offset", Long.toString(offset)))
                    .addExternalData(entry("length", Long.toString(bytes.length))));
        offset += bytes.length;
      }
    }
  }

  private ModelProto.Builder withoutWeights() {
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .setProducerName(PRODUCER)
            .setGraph(graph.proto().clone());
    for (Operator.Domain domain : Operator.Domain.values()) {
      model.addOpsetImport(
          OperatorSetIdProto.newBuilder().setDomain(domain.label()).setVersion(domain.version()));
    }
    metadata.forEach((key, value) -> model.addMetadataProps(entry(key, value)));
    return model;
  }

  private static TensorProto.Builder header(String name, Tensor weight) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(ElementType.FLOAT.number())
        .addAllDims(Arrays.stream(weight.shape()).asLongStream().boxed().toList());
  }

  private static ByteBuffer bytes(Tensor weight) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * weight.size()).order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer floats = bytes.asFloatBuffer();
    floats.put(weight.values());
    return bytes;
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
