package dev.vmoe.core.model;

import dev.vmoe.core.onnx.Value;
import dev.vmoe.core.tensor.Tensor;

/** A fully connected layer: rows · kernel + bias. */
final class Dense {

  private Dense() {}

  /** Returns rows (n, in) · kernel (in, out) + bias (out). */
  static Value of(Value rows, Tensor kernel, Tensor bias, Form form) {
    return ProductRows.of(rows, form.precision()).affine(kernel, bias);
  }
}
