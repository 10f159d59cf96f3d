package dev.vmoe.core.model;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.vmoe.core.onnx.Value;
import java.util.Locale;

/** What a graph computes its large products in. Routing is fp32 in each. */
public enum Precision {
  /** Single precision, as the reference has it. */
  FP32,
  /**
   * Half precision from the patches to the last norm: for GPUs. The router's product and softmax,
   * and all sums of gates, stay in single precision.
   */
  FP16,
  /**
   * Products with constant kernels in bytes, for CPUs: kernels with a scale for each output, rows
   * with one scale that fits the range they have in the very run. Attention's two products, norms
   * and sums stay in single precision.
   */
  INT8;

  /** Returns the name that options and model cards have for it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns weights in the type that tokens have; ONNX Runtime casts them once, when it loads. */
  Value inGraph(Value weights) {
    return this == FP16 ? weights.cast(DataType.FLOAT16) : weights;
  }

  /** Returns tokens in single precision. */
  Value inFull(Value tokens) {
    return this == FP16 ? tokens.cast(DataType.FLOAT) : tokens;
  }
}
