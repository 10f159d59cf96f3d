package dev.vmoe.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds what a classifier's graph ends with: logits, or a softmax or sigmoid of them. */
final class LastNode {

  private static final Set<String> SCORES = Set.of("Softmax", "Sigmoid");

  /** Operators that only give values another shape or type. */
  private static final Set<String> HAND_ON =
      Set.of("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout");

  private LastNode() {}

  /** Returns the node that computes the values of the output, before others hand them on. */
  static Optional<NodeProto.Builder> of(GraphProto.Builder graph, String output) {
    Map<String, NodeProto.Builder> makers = new HashMap<>();
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      node.getOutputList().forEach(name -> makers.put(name, node));
    }
    NodeProto.Builder node = makers.remove(output);
    while (node != null && handsOn(node)) {
      node = makers.remove(node.getInput(0)); // removed, so that a loop ends
    }
    return Optional.ofNullable(node);
  }

  private static boolean handsOn(NodeProto.Builder node) {
    return isStandard(node.getDomain())
        && HAND_ON.contains(node.getOpType())
        && node.getInputCount() > 0;
  }

  /** Returns whether a node makes scores of logits; a softmax over the batch does not. */
  static boolean makesScores(NodeProto.Builder node) {
    return isStandard(node.getDomain())
        && SCORES.contains(node.getOpType())
        && node.getInputCount() == 1
        && node.getAttributeList().stream()
            .filter(it -> it.getName().equals("axis"))
            .allMatch(it -> it.getI() == -1 || it.getI() > 0);
  }

  /** Returns whether operators of a domain are ONNX's own. */
  static boolean isStandard(String domain) {
    return domain.isEmpty() || domain.equals("ai.onnx");
  }
}
