package dev.vmoe.core.model;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.vmoe.core.onnx.GraphBuilder;
import dev.vmoe.core.onnx.Value;
import dev.vmoe.core.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Rows (n, in) that go into products with constant kernels, in the form that these products take:
 * one conversion serves all products of the same rows.
 */
final class ProductRows {

  private static final int LARGEST_BYTE = 127;

  private final Value rows;
  private final Precision precision;
  private final Value.@Nullable Quantized bytes;

  private ProductRows(Value rows, Precision precision, Value.@Nullable Quantized bytes) {
    this.rows = rows;
    this.precision = precision;
    this.bytes = bytes;
  }

  /**
   * Prepares rows.
   *
   * @param rows (n, in) in the graph's own type
   */
  static ProductRows of(Value rows, Precision precision) {
    return new ProductRows(rows, precision, precision == Precision.INT8 ? rows.quantized() : null);
  }

  /**
   * Prepares bytes, which are exact in each precision.
   *
   * @param rows (n, in) uint8
   */
  static ProductRows ofBytes(Value rows, Precision precision) {
    var graph = rows.graph();
    return switch (precision) {
      case FP32 -> of(rows.cast(DataType.FLOAT), precision);
      case FP16 -> of(rows.cast(DataType.FLOAT16), precision);
      case INT8 ->
          new ProductRows(
              rows, precision, new Value.Quantized(rows, graph.real(1), graph.unsignedByte(0)));
    };
  }

  /** Returns a fully connected layer, rows (n, in) · kernel (in, out) + bias (out). */
  static Value dense(Value rows, Tensor kernel, Tensor bias, Form form) {
    return of(rows, form.precision()).affine(kernel, bias);
  }

  GraphBuilder graph() {
    return rows.graph();
  }

  /** Returns the rows at these positions. */
  ProductRows gather(Value positions) {
    return bytes == null
        ? new ProductRows(rows.gather(positions), precision, null)
        : new ProductRows(rows, precision, bytes.gather(positions));
  }

  /**
   * Returns rows · kernel, (n, out).
   *
   * @param kernel (in, out)
   */
  Value times(Tensor kernel) {
    if (bytes == null) {
      return rows.matMul(constant("kernel", kernel));
    }
    return quantizedProduct(kernel);
  }

  /**
   * Returns rows · kernel + bias, (n, out).
   *
   * @param kernel (in, out)
   * @param bias (out)
   */
  Value affine(Tensor kernel, Tensor bias) {
    if (bytes == null) {
      return rows.affine(constant("kernel", kernel), constant("bias", bias));
    }
    return quantizedProduct(kernel, rows.graph().constant("bias", bias));
  }

  private Value constant(String name, Tensor weights) {
    return precision.inGraph(rows.graph().constant(name, weights));
  }

  /**
   * Returns the product with the kernel in bytes: byte · scale of its column. The graph has whole
   * numbers from −127 to 127, which ONNX Runtime makes bytes once, when it loads.
   *
   * @param kernel (in, out)
   */
  private Value quantizedProduct(Tensor kernel, Value... bias) {
    int out = kernel.extent(1);
    float[] largest = new float[out];
    for (int i = 0; i < kernel.size(); i++) {
      largest[i % out] = Math.max(largest[i % out], Math.abs(kernel.at(i)));
    }
    float[] scales = new float[out];
    for (int column = 0; column < out; column++) {
      scales[column] = largest[column] > 0 ? largest[column] / LARGEST_BYTE : 1;
    }
    float[] wholes = new float[kernel.size()];
    for (int i = 0; i < wholes.length; i++) {
      wholes[i] = Math.round(kernel.at(i) / scales[i % out]);
    }
    GraphBuilder graph = rows.graph();
    return Objects.requireNonNull(bytes)
        .matMul(
            graph.constant("kernel", Tensor.takeOver(wholes, kernel.shape())).cast(DataType.INT8),
            graph.constant("kernel_scale", Tensor.takeOver(scales, out)),
            bias);
  }
}
