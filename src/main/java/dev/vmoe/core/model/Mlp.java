package dev.vmoe.core.model;

import dev.vmoe.core.onnx.Value;
import dev.vmoe.core.tensor.Tensor;

/**
 * The two layers of a block's MLP, or of one expert: GELU(rows · W0 + b0) · W1 + b1.
 *
 * @param kernel0 (D, H)
 * @param bias0 (H)
 * @param kernel1 (H, D)
 * @param bias1 (D)
 * @param erfGelu whether GELU is in its erf form, not its tanh form
 */
record Mlp(Tensor kernel0, Tensor bias0, Tensor kernel1, Tensor bias1, boolean erfGelu) {

  static Mlp dense(VmoeArchitecture a, Parameters mlp) {
    return new Mlp(
        mlp.get("Dense_0/kernel", a.hiddenSize(), a.mlpSize()),
        mlp.get("Dense_0/bias", a.mlpSize()),
        mlp.get("Dense_1/kernel", a.mlpSize(), a.hiddenSize()),
        mlp.get("Dense_1/bias", a.hiddenSize()),
        a.erfGelu());
  }

  /** Returns one expert of an MoE block, whose parameters have the experts as first axis. */
  static Mlp expert(int expert, VmoeArchitecture a, Parameters mlp) {
    int e = a.numExperts();
    return new Mlp(
        mlp.get("Dense_0/kernel", e, a.hiddenSize(), a.mlpSize()).row(expert),
        mlp.get("Dense_0/bias", e, a.mlpSize()).row(expert),
        mlp.get("Dense_1/kernel", e, a.mlpSize(), a.hiddenSize()).row(expert),
        mlp.get("Dense_1/bias", e, a.hiddenSize()).row(expert),
        a.erfGelu());
  }

  /** Returns the rows (n, D) after both layers, (n, D). */
  Value apply(ProductRows rows, Form form) {
    var graph = rows.graph();
    Value hidden;
    try (var scope = graph.scope("Dense_0")) {
      Value bias = form.precision().inGraph(graph.constant("bias", bias0));
      Value product = rows.times(kernel0);
      hidden = erfGelu ? product.geluErf(bias) : product.geluTanh(bias);
    }
    try (var scope = graph.scope("Dense_1")) {
      return ProductRows.dense(hidden, kernel1, bias1, form);
    }
  }
}
