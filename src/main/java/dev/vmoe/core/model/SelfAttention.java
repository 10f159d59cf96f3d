package dev.vmoe.core.model;

import dev.vmoe.core.onnx.Value;

/**
 * Self-attention of several heads: softmax(q·k / √d)·v, every token to every token of its image.
 *
 * <p>Axes: N tokens of the batch, B images, T tokens an image, D hidden size, h heads, d = D/h.
 */
final class SelfAttention {

  private SelfAttention() {}

  /**
   * Returns what attention adds to each token, (N, D).
   *
   * @param tokens (N, D)
   */
  static Value of(Value tokens, VmoeArchitecture a, Parameters attention, Form form) {
    int d = a.hiddenSize();
    ProductRows rows = ProductRows.of(tokens, form.precision());
    Value query = project("query", rows, a, attention).transpose(0, 2, 1, 3); // (B, h, T, d)
    Value key = project("key", rows, a, attention).transpose(0, 2, 3, 1); // (B, h, d, T)
    Value value = project("value", rows, a, attention).transpose(0, 2, 1, 3); // (B, h, T, d)
    Value scale =
        form.precision().inGraph(tokens.graph().real((float) (1 / Math.sqrt(headSize(a)))));
    Value mixed = query.matMul(key).times(scale).softmax().matMul(value);
    return ProductRows.dense(
        mixed.transpose(0, 2, 1, 3).reshape(-1, d),
        attention.get("out/kernel", a.numHeads(), headSize(a), d).reshape(d, d),
        attention.get("out/bias", d),
        form);
  }

  /** Returns one of the three projections, (B, T, h, d). */
  private static Value project(
      String name, ProductRows rows, VmoeArchitecture a, Parameters attention) {
    int d = a.hiddenSize();
    try (var scope = rows.graph().scope(name)) {
      return rows.affine(
              attention.get(name + "/kernel", d, a.numHeads(), headSize(a)).reshape(d, d),
              attention.get(name + "/bias", a.numHeads(), headSize(a)).reshape(d))
          .reshape(-1, a.tokensPerImage(), a.numHeads(), headSize(a));
    }
  }

  private static int headSize(VmoeArchitecture a) {
    return a.hiddenSize() / a.numHeads();
  }
}
