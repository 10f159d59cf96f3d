package dev.vmoe.importer.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a classifier's graph ends with: logits, or a softmax or sigmoid of them.
 *
 * @param maker computes the values of the output
 * @param behind nodes that hand them on, the last first
 */
record LastNode(NodeProto.Builder maker, List<NodeProto.Builder> behind) {

  private static final Set<String> SCORES = Set.of("Softmax", "Sigmoid");

  /** ONNX Runtime's own, whose logits are bytes, too. */
  private static final Set<String> SCORES_IN_BYTES = Set.of("QLinearSoftmax", "QLinearSigmoid");

  private static final Set<String> QUANTIZE = Set.of("QuantizeLinear", "DequantizeLinear");

  /** Operators that only give values another shape or type. */
  private static final Set<String> HAND_ON =
      Set.of("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout");

  /** Returns the node that computes the values of the output, and those that hand them on. */
  static Optional<LastNode> of(GraphProto.Builder graph, String output) {
    Map<String, NodeProto.Builder> makers = new HashMap<>();
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      node.getOutputList().forEach(name -> makers.put(name, node));
    }
    List<NodeProto.Builder> behind = new ArrayList<>();
    NodeProto.Builder node = makers.remove(output);
    while (node != null && handsOn(node)) {
      behind.add(node);
      node = makers.remove(node.getInput(0)); // removed, so that a loop ends
    }
    return node == null ? Optional.empty() : Optional.of(new LastNode(node, behind));
  }

  private static boolean handsOn(NodeProto.Builder node) {
    return isStandard(node.getDomain())
        && (HAND_ON.contains(node.getOpType()) || QUANTIZE.contains(node.getOpType()))
        && node.getInputCount() > 0;
  }

  /** Returns whether scores are made of bytes, so that no logits are left without it. */
  boolean makesScoresInBytes() {
    return SCORES_IN_BYTES.contains(maker.getOpType());
  }

  /**
   * Makes the graph give logits, which the bytes of scores could not hold.
   *
   * @return what made scores of them; empty where nothing did
   */
  Optional<NodeProto> leaveScoresOut() {
    if (!makesScores()) {
      return Optional.empty();
    }
    NodeProto scores = maker.build();
    maker.setOpType("Identity").clearAttribute();
    for (NodeProto.Builder node : behind) {
      if (QUANTIZE.contains(node.getOpType())) {
        String input = node.getInput(0);
        node.setOpType("Identity").clearAttribute().clearInput().addInput(input);
      }
    }
    return Optional.of(scores);
  }

  /** Returns whether it makes scores of logits; a softmax over the batch does not. */
  private boolean makesScores() {
    return isStandard(maker.getDomain())
        && SCORES.contains(maker.getOpType())
        && maker.getInputCount() == 1
        && maker.getAttributeList().stream()
            .filter(it -> it.getName().equals("axis"))
            .allMatch(it -> it.getI() == -1 || it.getI() > 0);
  }

  /** Returns whether operators of a domain are ONNX's own. */
  static boolean isStandard(String domain) {
    return domain.isEmpty() || domain.equals("ai.onnx");
  }
}
