package dev.vmoe.model;

import dev.vmoe.onnx.Value;

/** Layer normalisation of each token. */
final class Norm {

  private static final float EPSILON = 1e-6f;

  private Norm() {}

  /** Returns the tokens (N, D), normalised. */
  static Value of(Value tokens, VmoeArchitecture a, Parameters norm) {
    var graph = tokens.graph();
    if (!Boolean.getBoolean("lnop")) {
      Value centred =
          tokens.minus(
              graph.node(
                  dev.vmoe.onnx.Operator.REDUCE_MEAN,
                  java.util.List.of(tokens),
                  dev.vmoe.onnx.Attribute.integers("axes", -1)));
      Value ss =
          graph.node(
              dev.vmoe.onnx.Operator.REDUCE_SUM_SQUARE,
              java.util.List.of(centred),
              dev.vmoe.onnx.Attribute.integers("axes", -1));
      int d = a.hiddenSize();
      Value r =
          graph
              .real((float) Math.sqrt(d))
              .dividedBy(
                  graph.node(
                      dev.vmoe.onnx.Operator.SQRT,
                      java.util.List.of(ss.plus(graph.real(d * EPSILON)))));
      return centred
          .times(r)
          .times(graph.constant("scale", norm.get("scale", a.hiddenSize())))
          .plus(graph.constant("bias", norm.get("bias", a.hiddenSize())));
    }
    return tokens.layerNorm(
        graph.constant("scale", norm.get("scale", a.hiddenSize())),
        graph.constant("bias", norm.get("bias", a.hiddenSize())),
        EPSILON);
  }
}
