package dev.vmoe.importer.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Makes another file's graph a part of a new one: renames values, takes the weights in, and forgets
 * what was known of inner shapes.
 *
 * @param file where the graph comes from
 * @param names the new name of each value by its own
 * @param data takes the weights in
 */
record Adoption(Path file, UnaryOperator<String> names, InlinedData data) {

  void adopt(GraphProto.Builder graph) throws IOException {
    adopt(graph.getNodeBuilderList());
    if (graph.getSparseInitializerCount() > 0) {
      throw sparse();
    }
    for (TensorProto.Builder weight : graph.getInitializerBuilderList()) {
      data.inline(weight.setName(names.apply(weight.getName())));
    }
    graph.getInputBuilderList().forEach(it -> it.setName(names.apply(it.getName())));
    graph.getOutputBuilderList().forEach(it -> it.setName(names.apply(it.getName())));
    graph.clearValueInfo().clearQuantizationAnnotation();
  }

  void adopt(List<NodeProto.Builder> nodes) throws IOException {
    for (NodeProto.Builder node : nodes) {
      for (int i = 0; i < node.getInputCount(); i++) {
        node.setInput(i, names.apply(node.getInput(i)));
      }
      for (int i = 0; i < node.getOutputCount(); i++) {
        node.setOutput(i, names.apply(node.getOutput(i)));
      }
      for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
        if (attribute.hasSparseTensor() || attribute.getSparseTensorsCount() > 0) {
          throw sparse();
        }
        if (attribute.hasT()) {
          data.inline(attribute.getTBuilder());
        }
        for (TensorProto.Builder tensor : attribute.getTensorsBuilderList()) {
          data.inline(tensor);
        }
        if (attribute.hasG()) {
          adopt(attribute.getGBuilder());
        }
        for (GraphProto.Builder inner : attribute.getGraphsBuilderList()) {
          adopt(inner);
        }
      }
    }
  }

  private IOException sparse() {
    return ForeignClassifier.refused(file, "it has sparse weights");
  }
}
