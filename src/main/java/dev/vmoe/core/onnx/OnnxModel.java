package dev.vmoe.core.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.vmoe.core.tensor.Tensor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * A finished graph and its metadata.
 *
 * <p>Up to {@link #INLINE_BYTES} of weights lie in the model file itself. Larger ones go into a
 * file beside it, named like it with {@code .data} appended, since a model file must stay below 2
 * GiB; the two belong together.
 */
public final class OnnxModel {

  /** Maximum bytes of weights in the model file itself. */
  public static final long INLINE_BYTES = 1L << 30;

  private static final String DATA_SUFFIX = ".data";

  /** Weights start at pages, so that a runtime can map them into memory. */
  private static final int PAGE_BYTES = 4096;

  private static final long IR_VERSION = 8;
  private static final String PRODUCER = "vmoe-streams";

  private final GraphBuilder graph;
  private final Map<String, String> metadata;

  /** Finishes a graph. */
  public OnnxModel(GraphBuilder graph, Map<String, String> metadata) {
    this.graph = graph;
    this.metadata = new TreeMap<>(metadata);
  }

  /**
   * Writes the model file, and large weights into a file beside it. Both get temporary names first:
   * a reader that has the model open keeps the old one, and none sees half a file.
   */
  public void write(Path file) throws IOException {
    write(file, INLINE_BYTES);
  }

  /**
   * Writes the model file.
   *
   * @param inlineBytes maximum bytes of weights in the model file itself
   */
  public void write(Path file, long inlineBytes) throws IOException {
    long weightBytes = graph.weights().values().stream().mapToLong(Tensor::bytes).sum();
    Map<String, String> all = new TreeMap<>(metadata);
    GraphProto.Builder nodes = graph.proto().clone();
    Map<String, Tensor> inside = Map.of();
    if (weightBytes <= inlineBytes) {
      inside = graph.weights();
    } else {
      Path data = file.resolveSibling(file.getFileName() + DATA_SUFFIX);
      Path part = part(data);
      writeData(part, data.getFileName().toString(), nodes, all);
      Files.move(part, data, StandardCopyOption.REPLACE_EXISTING);
    }
    Path part = part(file);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(part))) {
      header(all).writeTo(out);
      writeGraph(nodes.build(), inside, out);
    }
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Writes the weights into a data file, as {@link ModelFile} describes it.
   *
   * @param file where to write
   * @param name final name of the file
   * @param nodes gets each weight's description, with the position of its values
   * @param metadata gets the file's name, size and sum
   */
  private void writeData(
      Path file, String name, GraphProto.Builder nodes, Map<String, String> metadata)
      throws IOException {
    MessageDigest digest = ModelFile.sha256();
    byte[] padding = new byte[PAGE_BYTES];
    long position = 0;
    try (OutputStream plain = new BufferedOutputStream(Files.newOutputStream(file))) {
      OutputStream out = new DigestOutputStream(plain, digest);
      for (Map.Entry<String, Tensor> weight : graph.weights().entrySet()) {
        int gap = Math.floorMod(-position, PAGE_BYTES);
        out.write(padding, 0, gap);
        position += gap;
        long size = weight.getValue().bytes();
        weight.getValue().writeTo(out);
        nodes.addInitializer(
            header(weight.getKey(), weight.getValue())
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(entry("location", name))
                .addExternalData(entry("offset", Long.toString(position)))
                .addExternalData(entry("length", Long.toString(size))));
        position += size;
      }
      byte[] sum = digest.digest();
      plain.write(sum);
      metadata.put(ModelFile.DATA_NAME, name);
      metadata.put(ModelFile.DATA_BYTES, Long.toString(position + ModelFile.SUM_BYTES));
      metadata.put(ModelFile.DATA_SUM, HexFormat.of().formatHex(sum));
    }
  }

  private static Path part(Path file) {
    return file.resolveSibling(file.getFileName() + ".part");
  }

  /**
   * Writes the field that holds the graph: first the nodes, then each weight directly from its
   * tensor.
   */
  private static void writeGraph(GraphProto nodes, Map<String, Tensor> weights, OutputStream out)
      throws IOException {
    long size = nodes.getSerializedSize();
    for (Map.Entry<String, Tensor> entry : weights.entrySet()) {
      size += initializerBytes(entry.getKey(), entry.getValue());
    }
    CodedOutputStream coded = CodedOutputStream.newInstance(out);
    coded.writeTag(ModelProto.GRAPH_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    coded.writeUInt64NoTag(size);
    nodes.writeTo(coded);
    for (Map.Entry<String, Tensor> entry : weights.entrySet()) {
      TensorProto header = header(entry.getKey(), entry.getValue()).build();
      coded.writeTag(GraphProto.INITIALIZER_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      coded.writeUInt64NoTag(tensorBytes(header, entry.getValue()));
      header.writeTo(coded);
      coded.writeTag(TensorProto.RAW_DATA_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      coded.writeUInt64NoTag(entry.getValue().bytes());
      coded.flush();
      entry.getValue().writeTo(out);
    }
    coded.flush();
  }

  private static long initializerBytes(String name, Tensor weight) {
    long tensor = tensorBytes(header(name, weight).build(), weight);
    return fieldBytes(GraphProto.INITIALIZER_FIELD_NUMBER, tensor);
  }

  private static long tensorBytes(TensorProto header, Tensor weight) {
    return header.getSerializedSize()
        + fieldBytes(TensorProto.RAW_DATA_FIELD_NUMBER, weight.bytes());
  }

  /** Returns the size of a field with this many bytes of content: tag, length and content. */
  private static long fieldBytes(int number, long bytes) {
    return CodedOutputStream.computeTagSize(number)
        + CodedOutputStream.computeUInt64SizeNoTag(bytes)
        + bytes;
  }

  /** Returns the model without its graph. */
  private static ModelProto header(Map<String, String> metadata) {
    ModelProto.Builder model =
        ModelProto.newBuilder().setIrVersion(IR_VERSION).setProducerName(PRODUCER);
    for (Operator.Domain domain : Operator.Domain.values()) {
      model.addOpsetImport(
          OperatorSetIdProto.newBuilder().setDomain(domain.label()).setVersion(domain.version()));
    }
    metadata.forEach((key, value) -> model.addMetadataProps(entry(key, value)));
    return model.build();
  }

  /** Returns the description of a weight, without its values. */
  static TensorProto.Builder header(String name, Tensor weight) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(DataType.FLOAT.getNumber())
        .addAllDims(Arrays.stream(weight.shape()).asLongStream().boxed().toList());
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
