package dev.vmoe.core.model;

import dev.vmoe.core.onnx.Value;

/**
 * Layer normalisation of each token: to mean 0 and variance 1, then · scale + bias.
 *
 * <p>Axes: … any, D hidden size.
 */
final class Norm {

  private Norm() {}

  /** Returns the tokens (…, D), normalised. */
  static Value of(Value tokens, VmoeArchitecture a, Parameters norm, Form form) {
    var graph = tokens.graph();
    int d = a.hiddenSize();
    Value scale = form.precision().inGraph(graph.constant("scale", norm.get("scale", d)));
    Value bias = form.precision().inGraph(graph.constant("bias", norm.get("bias", d)));
    return switch (form.target()) {
      case CPU -> normalise(tokens, d, a.epsilon()).times(scale).plus(bias);
      case CUDA -> tokens.layerNorm(scale, bias, a.epsilon());
    };
  }

  /** Returns (x − mean) / √(variance + ε), as (x − mean) · √D / √(Σ(x − mean)² + D·ε). */
  private static Value normalise(Value x, int d, float epsilon) {
    var graph = x.graph();
    Value centred = x.minus(x.mean(-1));
    Value length = centred.sumOfSquares(-1).plus(graph.real(d * epsilon)).sqrt();
    return centred.times(graph.real((float) Math.sqrt(d)).dividedBy(length));
  }
}
