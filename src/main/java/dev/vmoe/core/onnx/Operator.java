package dev.vmoe.core.onnx;

import dev.vmoe.core.onnx.Attribute.ValueType;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The operators a graph may use, with their inputs, outputs and the attributes that graphs here
 * give them: a malformed node fails when it is built, not when the file is loaded.
 *
 * @see <a href="https://onnx.ai/onnx/operators/">ONNX operators</a>
 * @see <a href="https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md">ONNX
 *     Runtime's own operators</a>
 */
public enum Operator {
  ADD("Add", inputs(2)),
  SUB("Sub", inputs(2)),
  MUL("Mul", inputs(2)),
  DIV("Div", inputs(2)),
  MIN("Min", inputsFrom(1)),
  CLIP("Clip", inputs(1, 3)),
  SQRT("Sqrt", inputs(1)),
  TANH("Tanh", inputs(1)),
  EQUAL("Equal", inputs(2)),
  LESS("Less", inputs(2)),
  CAST("Cast", inputs(1), integer("to")),
  MAT_MUL("MatMul", inputs(2)),
  GEMM("Gemm", inputs(2, 3)),
  SOFTMAX("Softmax", inputs(1), integer("axis")),
  LAYER_NORMALIZATION("LayerNormalization", inputs(2, 3), integer("axis"), real("epsilon")),
  REDUCE_SUM("ReduceSum", inputs(1, 2), integer("keepdims")),
  REDUCE_MEAN("ReduceMean", inputs(1), integers("axes")),
  REDUCE_SUM_SQUARE("ReduceSumSquare", inputs(1), integers("axes")),
  CUM_SUM("CumSum", inputs(2), integer("exclusive")),
  TOP_K("TopK", inputs(2), outputs(2), integer("axis"), integer("largest"), integer("sorted")),
  SHAPE("Shape", inputs(1), integer("start"), integer("end")),
  RESHAPE("Reshape", inputs(2)),
  TRANSPOSE("Transpose", inputs(1), integers("perm")),
  UNSQUEEZE("Unsqueeze", inputs(2)),
  SQUEEZE("Squeeze", inputs(1, 2)),
  EXPAND("Expand", inputs(2)),
  CONCAT("Concat", inputsFrom(1), integer("axis")),
  SPLIT("Split", inputs(1, 2), outputsFrom(1), integer("axis")),
  GATHER("Gather", inputs(2), integer("axis")),
  SCATTER_ELEMENTS("ScatterElements", inputs(3), integer("axis")),
  RANGE("Range", inputs(3)),

  /** Quantizes to bytes, with the scale and zero point that fit the input's range. */
  DYNAMIC_QUANTIZE_LINEAR("DynamicQuantizeLinear", inputs(1), outputs(3)),

  /** GELU in its tanh form, of the input plus an optional bias. */
  FAST_GELU("FastGelu", Domain.MICROSOFT, inputs(1, 2), outputs(1)),
  /** GELU in its erf form, of the input plus a bias. */
  BIAS_GELU("BiasGelu", Domain.MICROSOFT, inputs(2), outputs(1)),
  /** Product of bytes: A, B, scale of A and of B, zero point of A and of B, optional bias. */
  MAT_MUL_INTEGER_TO_FLOAT("MatMulIntegerToFloat", Domain.MICROSOFT, inputs(6, 7), outputs(1));

  /** A set of operators with a version of its own. */
  public enum Domain {
    /** The standard's operators. */
    STANDARD("", 17),
    /** ONNX Runtime's own operators. */
    MICROSOFT("com.microsoft", 1);

    private final String label;
    private final long version;

    Domain(String label, long version) {
      this.label = label;
      this.version = version;
    }

    /** Returns ONNX's name of the domain. */
    public String label() {
      return label;
    }

    /** Returns the version of the operator set that graphs use. */
    public long version() {
      return version;
    }
  }

  private final String type;
  private final Domain domain;
  private final Arity inputs;
  private final Arity outputs;
  private final Map<String, ValueType> attributes = new LinkedHashMap<>();

  Operator(String type, Arity inputs, Required... attributes) {
    this(type, Domain.STANDARD, inputs, outputs(1), attributes);
  }

  Operator(String type, Arity inputs, Arity outputs, Required... attributes) {
    this(type, Domain.STANDARD, inputs, outputs, attributes);
  }

  Operator(String type, Domain domain, Arity inputs, Arity outputs, Required... attributes) {
    this.type = type;
    this.domain = domain;
    this.inputs = inputs;
    this.outputs = outputs;
    for (Required attribute : attributes) {
      this.attributes.put(attribute.name, attribute.valueType);
    }
  }

  /** Returns ONNX's name of the operator. */
  public String type() {
    return type;
  }

  /** Returns the operator set it belongs to. */
  public Domain domain() {
    return domain;
  }

  /**
   * Checks a node before it is built.
   *
   * @throws IllegalArgumentException if the operator does not allow such a node; the message says
   *     what it allows
   */
  void check(int numInputs, int numOutputs, List<Attribute> given) {
    inputs.check(type, "input", numInputs);
    outputs.check(type, "output", numOutputs);
    Set<String> missing = new LinkedHashSet<>(attributes.keySet());
    for (Attribute attribute : given) {
      ValueType valueType = attributes.get(attribute.name());
      if (valueType == null) {
        throw new IllegalArgumentException(
            String.format(
                "%s has no attribute %s, only %s", type, attribute.name(), attributes.keySet()));
      }
      if (valueType != attribute.valueType()) {
        throw new IllegalArgumentException(
            String.format(
                "attribute %s of %s is %s, not %s",
                attribute.name(), type, valueType, attribute.valueType()));
      }
      missing.remove(attribute.name());
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(type + " lacks the attributes " + missing);
    }
  }

  private static Arity inputs(int exactly) {
    return new Arity(exactly, exactly);
  }

  private static Arity inputs(int min, int max) {
    return new Arity(min, max);
  }

  private static Arity inputsFrom(int min) {
    return new Arity(min, Arity.MANY);
  }

  private static Arity outputs(int exactly) {
    return inputs(exactly);
  }

  private static Arity outputsFrom(int min) {
    return inputsFrom(min);
  }

  private static Required integer(String name) {
    return new Required(name, ValueType.INTEGER);
  }

  private static Required integers(String name) {
    return new Required(name, ValueType.INTEGERS);
  }

  private static Required real(String name) {
    return new Required(name, ValueType.REAL);
  }

  /** An attribute that each node has: nothing is left to an operator's defaults. */
  private record Required(String name, ValueType valueType) {}

  private record Arity(int min, int max) {

    static final int MANY = Integer.MAX_VALUE;

    void check(String type, String what, int given) {
      if (given < min || given > max) {
        throw new IllegalArgumentException(
            String.format(
                "%s %s %s %ss, not %d",
                type, what.equals("input") ? "takes" : "gives", describe(), what, given));
      }
    }

    private String describe() {
      if (max == MANY) {
        return "at least " + min;
      }
      return min == max ? Integer.toString(min) : min + " to " + max;
    }
  }
}
