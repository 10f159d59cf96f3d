package dev.vmoe.importer.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** ONNX files as other programs write them. */
final class OnnxFiles {

  /** Classifiers that torch exported, with its logits beside them. */
  static final Path EXPORTED =
      Path.of(System.getProperty("vmoe.home", "."), "src/test/resources/onnx");

  static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();
  static final int FLOAT16 = TensorProto.DataType.FLOAT16.getNumber();

  private OnnxFiles() {}

  static ModelProto.Builder exported(String name) throws IOException {
    return ModelProto.newBuilder().mergeFrom(Files.readAllBytes(EXPORTED.resolve(name + ".onnx")));
  }

  static Path write(ModelProto.Builder model, Path file) throws IOException {
    return Files.write(file, model.build().toByteArray());
  }

  /** Returns a tensor's declaration; a negative extent is one that each run decides. */
  static ValueInfoProto.Builder declared(String name, int type, long... extents) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long extent : extents) {
      if (extent < 0) {
        shape.addDimBuilder().setDimParam("n");
      } else {
        shape.addDimBuilder().setDimValue(extent);
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)));
  }

  /**
   * Returns a classifier with two classes, (mean red, −1 − mean red), of (B, H, W, 3) in a type, as
   * logits and as scores of a last operator.
   */
  static ModelProto.Builder redOrNot(int type, String last, long... input) {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("main")
            .addInput(declared("images", type, input))
            .addOutput(declared("probabilities", type, input[0], 2))
            .addNode(
                node("ReduceMean", List.of("images"), "preamble/mean")
                    .addAttribute(integers("axes", 1, 2)) // of rows and columns
                    .addAttribute(
                        AttributeProto.newBuilder()
                            .setName("keepdims")
                            .setType(AttributeProto.AttributeType.INT)))
            .addNode(node("MatMul", List.of("preamble/mean", "kernel"), "product"))
            .addNode(node("Add", List.of("product", "bias"), "logits"))
            .addNode(node(last, List.of("logits"), "probabilities"))
            .addInitializer(weight("kernel", type, new float[] {1, -1, 0, 0, 0, 0}, 3, 2))
            .addInitializer(weight("bias", type, new float[] {0, -1}, 2));
    return ModelProto.newBuilder()
        .setIrVersion(7)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
        .setGraph(graph);
  }

  /** Puts operators without attributes behind a model's output, one behind the other. */
  static ModelProto.Builder behind(ModelProto.Builder model, String... operators) {
    GraphProto.Builder graph = model.getGraphBuilder();
    for (String operator : operators) {
      String before = graph.getOutput(0).getName();
      graph.addNode(node(operator, List.of(before), before + " " + operator));
      graph.getOutputBuilder(0).setName(before + " " + operator);
    }
    return model;
  }

  static NodeProto.Builder node(String operator, List<String> inputs, String output) {
    return NodeProto.newBuilder().setOpType(operator).addAllInput(inputs).addOutput(output);
  }

  static AttributeProto.Builder integers(String name, long... values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INTS)
        .addAllInts(Arrays.stream(values).boxed().toList());
  }

  private static TensorProto.Builder weight(String name, int type, float[] values, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type)
            .addAllDims(Arrays.stream(shape).boxed().toList());
    for (float value : values) {
      if (type == FLOAT) {
        tensor.addFloatData(value);
      } else {
        tensor.addInt32Data(value == 0 ? 0 : value > 0 ? 0x3C00 : 0xBC00); // 1 or −1 in half
      }
    }
    return tensor;
  }

  /** Moves the weights into a file of this name beside the model. */
  static ModelProto.Builder withDataFile(ModelProto.Builder model, Path data, String location)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (TensorProto.Builder weight : model.getGraphBuilder().getInitializerBuilderList()) {
      long offset = bytes.size();
      weight.getRawData().writeTo(bytes);
      weight
          .setDataLocation(TensorProto.DataLocation.EXTERNAL)
          .addExternalData(entry("location", location))
          .addExternalData(entry("offset", Long.toString(offset)))
          .addExternalData(entry("length", Integer.toString(weight.getRawData().size())))
          .setRawData(ByteString.EMPTY)
          .clearRawData();
    }
    Files.write(data, bytes.toByteArray());
    return model;
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
