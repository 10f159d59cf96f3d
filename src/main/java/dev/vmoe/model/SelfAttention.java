package dev.vmoe.model;

import dev.vmoe.onnx.Attribute;
import dev.vmoe.onnx.Operator;
import dev.vmoe.onnx.Value;
import dev.vmoe.tensor.Tensor;
import java.util.List;

/**
 * Self-attention of several heads: softmax(q·k / √d)·v, every token to every token of its image.
 *
 * <p>Axes: N tokens of the batch, B images, T tokens an image, D hidden size, h heads, d = D/h.
 */
final class SelfAttention {

  static final List<String> PROJECTIONS = List.of("query", "key", "value");

  private SelfAttention() {}

  /**
   * Returns what attention adds to each token, (N, D).
   *
   * @param tokens (N, D)
   */
  static Value of(Value tokens, VmoeArchitecture a, Parameters attention) {
    var graph = tokens.graph();
    int d = a.hiddenSize();
    String form = System.getProperty("att", "mha");
    int h = a.numHeads();
    int t = a.tokensPerImage();
    if (form.equals("att")) {
      Value mixed =
          graph.node(
              Operator.ATTENTION,
              List.of(
                  tokens.reshape(-1, t, d),
                  graph.constant("qkv/kernel", kernels(a, attention)),
                  graph.constant("qkv/bias", biases(a, attention))),
              Attribute.integer("num_heads", h));
      return Dense.of(
          mixed.reshape(-1, d),
          attention.get("out/kernel", a.numHeads(), d / a.numHeads(), d).reshape(d, d),
          attention.get("out/bias", d));
    }
    if (form.equals("sep")) {
      java.util.ArrayList<Value> l = new java.util.ArrayList<>();
      for (String pr : PROJECTIONS)
        l.add(
            Dense.of(
                    tokens,
                    attention.get(pr + "/kernel", d, h, d / h).reshape(d, d),
                    attention.get(pr + "/bias", h, d / h).reshape(d))
                .reshape(-1, t, d));
      Value mixed = graph.node(Operator.MULTI_HEAD_ATTENTION, l, Attribute.integer("num_heads", h));
      return Dense.of(
          mixed.reshape(-1, d),
          attention.get("out/kernel", a.numHeads(), d / a.numHeads(), d).reshape(d, d),
          attention.get("out/bias", d));
    }
    if (form.equals("sepman")) {
      java.util.ArrayList<Value> l = new java.util.ArrayList<>();
      for (String pr : PROJECTIONS)
        l.add(
            Dense.of(
                    tokens,
                    attention.get(pr + "/kernel", d, h, d / h).reshape(d, d),
                    attention.get(pr + "/bias", h, d / h).reshape(d))
                .reshape(-1, t, h, d / h));
      Value q = l.get(0).transpose(0, 2, 1, 3),
          k = l.get(1).transpose(0, 2, 3, 1),
          v = l.get(2).transpose(0, 2, 1, 3);
      Value sc = q.matMul(k).times(graph.real((float) (1 / Math.sqrt(d / h)))).softmax();
      Value mixed = sc.matMul(v).transpose(0, 2, 1, 3);
      return Dense.of(
          mixed.reshape(-1, d),
          attention.get("out/kernel", a.numHeads(), d / a.numHeads(), d).reshape(d, d),
          attention.get("out/bias", d));
    }
    if (form.equals("man")) {
      Value qkv =
          tokens
              .affine(
                  graph.constant("qkv/kernel", kernels(a, attention)),
                  graph.constant("qkv/bias", biases(a, attention)))
              .reshape(-1, t, 3, h, d / h);
      List<Value> l = qkv.transpose(2, 0, 3, 1, 4).split(0, 3);
      Value q = l.get(0).squeeze(0), k = l.get(1).squeeze(0), v = l.get(2).squeeze(0);
      Value sc =
          q.matMul(k.transpose(0, 1, 3, 2))
              .times(graph.real((float) (1 / Math.sqrt(d / h))))
              .softmax();
      Value mixed = sc.matMul(v).transpose(0, 2, 1, 3);
      return Dense.of(
          mixed.reshape(-1, d),
          attention.get("out/kernel", a.numHeads(), d / a.numHeads(), d).reshape(d, d),
          attention.get("out/bias", d));
    }
    Value projected = // (N, 3D), one product for all three
        tokens.affine(
            graph.constant("qkv/kernel", kernels(a, attention)),
            graph.constant("qkv/bias", biases(a, attention)));
    List<Value> queryKeyValue =
        projected.reshape(-1, a.tokensPerImage(), 3L * d).split(2, 3); // each (B, T, D)
    Value mixed =
        graph.node(
            Operator.MULTI_HEAD_ATTENTION,
            queryKeyValue,
            Attribute.integer("num_heads", a.numHeads()));
    return Dense.of(
        mixed.reshape(-1, d),
        attention.get("out/kernel", a.numHeads(), d / a.numHeads(), d).reshape(d, d),
        attention.get("out/bias", d));
  }

  /** Returns the three kernels side by side, (D, 3D). */
  private static Tensor kernels(VmoeArchitecture a, Parameters attention) {
    int d = a.hiddenSize();
    float[] values = new float[3 * d * d];
    for (int part = 0; part < 3; part++) {
      Tensor kernel =
          attention.get(PROJECTIONS.get(part) + "/kernel", d, a.numHeads(), d / a.numHeads());
      for (int row = 0; row < d; row++) {
        kernel.values().position(row * d).get(values, (row * 3 + part) * d, d);
      }
    }
    return Tensor.takeOver(values, d, 3 * d);
  }

  /** Returns the three biases one after the other, (3D). */
  private static Tensor biases(VmoeArchitecture a, Parameters attention) {
    int d = a.hiddenSize();
    float[] values = new float[3 * d];
    for (int part = 0; part < 3; part++) {
      attention
          .get(PROJECTIONS.get(part) + "/bias", a.numHeads(), d / a.numHeads())
          .values()
          .get(values, part * d, d);
    }
    return Tensor.takeOver(values, 3 * d);
  }
}
