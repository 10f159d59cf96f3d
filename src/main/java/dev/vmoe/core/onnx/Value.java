package dev.vmoe.core.onnx;

import static dev.vmoe.core.onnx.Attribute.integer;
import static dev.vmoe.core.onnx.Attribute.integers;
import static dev.vmoe.core.onnx.Attribute.real;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.ArrayList;
import java.util.List;

/**
 * A tensor of a graph that is being built: an input, a constant, or the output of a node.
 *
 * <p>Its methods add the node that computes the named result, so that graph code reads like the
 * formula. Shapes broadcast as in NumPy.
 */
public final class Value {

  private final GraphBuilder graph;
  private final String name;

  Value(GraphBuilder graph, String name) {
    this.graph = graph;
    this.name = name;
  }

  public String name() {
    return name;
  }

  /** Returns the builder of the graph this belongs to. */
  public GraphBuilder graph() {
    return graph;
  }

  public Value plus(Value other) {
    return apply(Operator.ADD, other);
  }

  public Value minus(Value other) {
    return apply(Operator.SUB, other);
  }

  public Value times(Value other) {
    return apply(Operator.MUL, other);
  }

  /** Returns this / other; whole numbers lose their fraction. */
  public Value dividedBy(Value other) {
    return apply(Operator.DIV, other);
  }

  /** Returns the smaller of the two, element by element. */
  public Value min(Value other) {
    return apply(Operator.MIN, other);
  }

  /** Returns each element, limited to [min, max]. */
  public Value clip(float min, float max) {
    return apply(Operator.CLIP, graph.real(min), graph.real(max));
  }

  /** Returns whether this is smaller than other, element by element. */
  public Value lessThan(Value other) {
    return apply(Operator.LESS, other);
  }

  /** Returns whether the two are equal, element by element. */
  public Value equalTo(Value other) {
    return apply(Operator.EQUAL, other);
  }

  /** Returns the values as another type; real numbers lose their fraction towards zero. */
  public Value cast(DataType type) {
    return graph.node(Operator.CAST, List.of(this), integer("to", type.getNumber()));
  }

  public Value matMul(Value other) {
    return apply(Operator.MAT_MUL, other);
  }

  /** Returns this (rows, in) · kernel (in, out) + bias, one matrix product. */
  public Value affine(Value kernel, Value bias) {
    return apply(Operator.GEMM, kernel, bias);
  }

  /** Returns this as bytes, with the scale and zero point that fit its range. */
  public Quantized quantized() {
    List<Value> outputs = graph.nodes(Operator.DYNAMIC_QUANTIZE_LINEAR, 3, List.of(this));
    return new Quantized(outputs.get(0), outputs.get(1), outputs.get(2));
  }

  /** Returns the softmax along the last axis. */
  public Value softmax() {
    return graph.node(Operator.SOFTMAX, List.of(this), integer("axis", -1));
  }

  public Value sqrt() {
    return apply(Operator.SQRT);
  }

  public Value tanh() {
    return apply(Operator.TANH);
  }

  /** Returns GELU in its tanh form. */
  public Value geluTanh() {
    return apply(Operator.FAST_GELU);
  }

  /** Returns GELU in its tanh form of this + bias. */
  public Value geluTanh(Value bias) {
    return apply(Operator.FAST_GELU, bias);
  }

  /** Returns GELU in its erf form of this + bias. */
  public Value geluErf(Value bias) {
    return apply(Operator.BIAS_GELU, bias);
  }

  /** Returns this, normalised along the last axis to mean 0 and variance 1, · scale + bias. */
  public Value layerNorm(Value scale, Value bias, float epsilon) {
    return graph.node(
        Operator.LAYER_NORMALIZATION,
        List.of(this, scale, bias),
        integer("axis", -1),
        real("epsilon", epsilon));
  }

  /** Returns the sum over one axis, which is removed. */
  public Value sum(long axis) {
    return graph.node(
        Operator.REDUCE_SUM, List.of(this, graph.integers(axis)), integer("keepdims", 0));
  }

  /** Returns the mean over one axis, which keeps extent 1. */
  public Value mean(long axis) {
    return graph.node(Operator.REDUCE_MEAN, List.of(this), integers("axes", axis));
  }

  /** Returns the sum of squares over one axis, which keeps extent 1. */
  public Value sumOfSquares(long axis) {
    return graph.node(Operator.REDUCE_SUM_SQUARE, List.of(this), integers("axes", axis));
  }

  /** Returns, at each position of the only axis, the sum of the elements before it. */
  public Value sumBefore() {
    return graph.node(Operator.CUM_SUM, List.of(this, graph.integer(0)), integer("exclusive", 1));
  }

  /**
   * Returns the k largest along the last axis, largest first, and the positions they were at.
   *
   * @param k (1) int64
   */
  public TopK largest(Value k) {
    return topK(k, 1);
  }

  /**
   * Returns the k smallest along the last axis, smallest first, and the positions they were at.
   *
   * @param k (1) int64
   */
  public TopK smallest(Value k) {
    return topK(k, 0);
  }

  private TopK topK(Value k, long largest) {
    List<Value> outputs =
        graph.nodes(
            Operator.TOP_K,
            2,
            List.of(this, k),
            integer("axis", -1),
            integer("largest", largest),
            integer("sorted", 1));
    return new TopK(outputs.get(0), outputs.get(1));
  }

  /** Returns the rows at these positions of the first axis. */
  public Value gather(Value positions) {
    return graph.node(Operator.GATHER, List.of(this, positions), integer("axis", 0));
  }

  /**
   * Returns the inverse of this permutation: at position this[i] stands i.
   *
   * @param counting (n) int64: 0, 1, … n − 1
   */
  public Value inversePermutation(Value counting) {
    return graph.node(
        Operator.SCATTER_ELEMENTS, List.of(counting, this, counting), integer("axis", 0));
  }

  /**
   * Returns the same elements under another shape; −1 stands for the one extent that follows from
   * the others.
   */
  public Value reshape(long... shape) {
    return reshape(graph.integers(shape));
  }

  /**
   * Returns the same elements under another shape.
   *
   * @param shape (rank) int64
   */
  public Value reshape(Value shape) {
    return apply(Operator.RESHAPE, shape);
  }

  public Value transpose(long... axes) {
    return graph.node(Operator.TRANSPOSE, List.of(this), integers("perm", axes));
  }

  /** Returns this with a new axis of extent 1. */
  public Value unsqueeze(long axis) {
    return apply(Operator.UNSQUEEZE, graph.integers(axis));
  }

  /** Returns this without an axis of extent 1. */
  public Value squeeze(long axis) {
    return apply(Operator.SQUEEZE, graph.integers(axis));
  }

  /**
   * Returns this, repeated to a shape.
   *
   * @param shape (rank) int64
   */
  public Value expand(Value shape) {
    return apply(Operator.EXPAND, shape);
  }

  /** Returns the element at one position of an axis, which is removed. */
  public Value at(long axis, long position) {
    return graph.node(
        Operator.GATHER, List.of(this, graph.integer(position)), integer("axis", axis));
  }

  /** Returns equal parts along one axis. */
  public List<Value> split(long axis, int parts) {
    return graph.nodes(Operator.SPLIT, parts, List.of(this), integer("axis", axis));
  }

  /**
   * Returns parts along one axis.
   *
   * @param sizes (parts) int64
   */
  public List<Value> split(long axis, int parts, Value sizes) {
    return graph.nodes(Operator.SPLIT, parts, List.of(this, sizes), integer("axis", axis));
  }

  /** Returns the extent of one axis, as (1) int64. */
  public Value extent(long axis) {
    return graph.node(
        Operator.SHAPE, List.of(this), integer("start", axis), integer("end", axis + 1));
  }

  private Value apply(Operator operator, Value... others) {
    List<Value> inputs = new ArrayList<>();
    inputs.add(this);
    inputs.addAll(List.of(others));
    return graph.node(operator, inputs);
  }

  /**
   * The largest or smallest elements of an axis.
   *
   * @param values the elements, in order
   * @param positions where they were, int64; of equal elements the lower position comes first
   */
  public record TopK(Value values, Value positions) {}

  /**
   * Real numbers as bytes: (value − zeroPoint) · scale.
   *
   * @param values uint8
   * @param scale () float
   * @param zeroPoint () uint8
   */
  public record Quantized(Value values, Value scale, Value zeroPoint) {

    /** Returns the rows at these positions of the first axis. */
    public Quantized gather(Value positions) {
      return new Quantized(values.gather(positions), scale, zeroPoint);
    }

    /**
     * Returns this (rows, in) · kernel (in, out) · scales + biases, real numbers again.
     *
     * @param kernel (in, out) int8
     * @param kernelScale (out) float
     * @param bias (out) float, or none
     */
    public Value matMul(Value kernel, Value kernelScale, Value... bias) {
      List<Value> inputs = new ArrayList<>();
      inputs.addAll(
          List.of(values, kernel, scale, kernelScale, zeroPoint, values.graph.signedByte(0)));
      inputs.addAll(List.of(bias));
      return values.graph.node(Operator.MAT_MUL_INTEGER_TO_FLOAT, inputs);
    }
  }
}
