package dev.vmoe.core.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.vmoe.core.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Builds one ONNX graph, node by node, in the order of computation.
 *
 * <p>Values are made by {@link #input}, by the constants, and by the methods of {@link Value}; a
 * value of another graph is refused.
 */
public final class GraphBuilder {

  private final GraphProto.Builder graph;
  private final Map<String, Tensor> weights = new LinkedHashMap<>();
  private final Map<String, Value> constants = new HashMap<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, Integer> timesUsed = new HashMap<>();
  private final Deque<String> scopes = new ArrayDeque<>();

  /** Starts an empty graph. */
  public GraphBuilder(String name) {
    graph = GraphProto.newBuilder().setName(name);
  }

  /** Declares an input of every run. */
  public Value input(String name, DataType type, Extent... shape) {
    graph.addInput(declare(name, type, shape));
    return newValue(name);
  }

  /** Declares this value as an output of every run, under its own name. */
  public void output(String name, Value value, DataType type, Extent... shape) {
    claim(name);
    graph.addNode(
        NodeProto.newBuilder()
            .setName(name)
            .setOpType("Identity")
            .addInput(own(value).name())
            .addOutput(name));
    graph.addOutput(declare(name, type, shape));
  }

  /** Prefixes the names of all that is built until the scope is closed. */
  public Scope scope(String name) {
    scopes.addLast(name);
    return scopes::removeLast;
  }

  /** A prefix of names until it is closed. */
  public interface Scope extends AutoCloseable {
    @Override
    void close();
  }

  /** Adds a weight as a constant under its own name. */
  public Value constant(String name, Tensor tensor) {
    String unique = uniqueName(name);
    weights.put(unique, tensor);
    return newValue(unique);
  }

  /** Returns a real number, (). */
  public Value real(float value) {
    return small("real " + value, DataType.FLOAT, List.of(), 4, bytes -> bytes.putFloat(value));
  }

  /** Returns a whole number, () int64. */
  public Value integer(long value) {
    return small("integer " + value, DataType.INT64, List.of(), 8, bytes -> bytes.putLong(value));
  }

  /** Returns whole numbers, (n) int64. */
  public Value integers(long... values) {
    return small(
        "integers " + Arrays.toString(values),
        DataType.INT64,
        List.of((long) values.length),
        8 * values.length,
        bytes -> Arrays.stream(values).forEach(bytes::putLong));
  }

  /** Returns a whole number from 0 to 255, () uint8. */
  public Value unsignedByte(int value) {
    return small("byte " + value, DataType.UINT8, List.of(), 1, bytes -> bytes.put((byte) value));
  }

  /** Returns a whole number from −128 to 127, () int8. */
  public Value signedByte(int value) {
    return small(
        "signed byte " + value, DataType.INT8, List.of(), 1, bytes -> bytes.put((byte) value));
  }

  /** Returns 0, 1, … count − 1 as (count) int64, for a count that only the run knows. */
  public Value counting(Value count) {
    return node(Operator.RANGE, List.of(integer(0), count.squeeze(0), integer(1)));
  }

  /** Returns the parts joined along an axis that they all have. */
  public Value concat(long axis, List<Value> parts) {
    return node(Operator.CONCAT, parts, Attribute.integer("axis", axis));
  }

  /** Returns the parts joined along a new axis. */
  public Value stack(long axis, List<Value> parts) {
    return concat(axis, parts.stream().map(part -> part.unsqueeze(axis)).toList());
  }

  /**
   * Adds a node with one output.
   *
   * @throws IllegalArgumentException if the operator does not allow such a node
   */
  public Value node(Operator operator, List<Value> inputs, Attribute... attributes) {
    return nodes(operator, 1, inputs, attributes).get(0);
  }

  /**
   * Adds a node with several outputs.
   *
   * @throws IllegalArgumentException if the operator does not allow such a node
   */
  public List<Value> nodes(
      Operator operator, int numOutputs, List<Value> inputs, Attribute... attributes) {
    operator.check(inputs.size(), numOutputs, List.of(attributes));
    String name = uniqueName(operator.type());
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setName(name)
            .setOpType(operator.type())
            .setDomain(operator.domain().label());
    inputs.forEach(input -> node.addInput(own(input).name()));
    List<Value> outputs = new ArrayList<>();
    for (int i = 0; i < numOutputs; i++) {
      outputs.add(newValue(name + ":" + i));
      node.addOutput(outputs.get(i).name());
    }
    Arrays.stream(attributes).map(Attribute::proto).forEach(node::addAttribute);
    graph.addNode(node);
    return List.copyOf(outputs);
  }

  /** Returns the value of this name that nodes from elsewhere make, once they are joined. */
  public Value madeElsewhere(String name) {
    return new Value(this, name);
  }

  /** Returns the nodes so far, with the weights inside. */
  public GraphProto build() {
    GraphProto.Builder whole = graph.clone();
    weights.forEach(
        (name, weight) -> {
          ByteString.Output values = ByteString.newOutput();
          try {
            weight.writeTo(values);
          } catch (IOException e) {
            throw new UncheckedIOException(e); // nothing is written anywhere
          }
          whole.addInitializer(OnnxModel.header(name, weight).setRawData(values.toByteString()));
        });
    return whole.build();
  }

  GraphProto.Builder proto() {
    return graph;
  }

  Map<String, Tensor> weights() {
    return weights;
  }

  /** Returns the constant with this name, adding it once; the name contains the value. */
  private Value small(
      String name, DataType type, List<Long> shape, int numBytes, Consumer<ByteBuffer> elements) {
    return constants.computeIfAbsent(
        name,
        key -> {
          ByteBuffer bytes = ByteBuffer.allocate(numBytes).order(ByteOrder.LITTLE_ENDIAN);
          elements.accept(bytes);
          graph.addInitializer(
              TensorProto.newBuilder()
                  .setName(name)
                  .setDataType(type.getNumber())
                  .addAllDims(shape)
                  .setRawData(ByteString.copyFrom(bytes.flip())));
          return newValue(name);
        });
  }

  private Value own(Value value) {
    if (value.graph() != this) {
      throw new IllegalArgumentException(
          "value " + value.name() + " belongs to another graph than " + graph.getName());
    }
    return value;
  }

  private Value newValue(String name) {
    claim(name);
    return new Value(this, name);
  }

  private void claim(String name) {
    if (!names.add(name)) {
      throw new IllegalArgumentException(
          "graph " + graph.getName() + " has two values named " + name);
    }
  }

  private String uniqueName(String base) {
    String scoped = scopes.isEmpty() ? base : String.join("/", scopes) + "/" + base;
    int times = timesUsed.merge(scoped, 1, Integer::sum);
    return times == 1 ? scoped : scoped + "_" + times;
  }

  private static ValueInfoProto declare(String name, DataType type, Extent... shape) {
    TensorShapeProto.Builder extents = TensorShapeProto.newBuilder();
    for (Extent extent : shape) {
      TensorShapeProto.Dimension.Builder dimension = extents.addDimBuilder();
      if (extent instanceof Extent.Fixed fixed) {
        dimension.setDimValue(fixed.size());
      } else if (extent instanceof Extent.Named named) {
        dimension.setDimParam(named.name());
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(extents)))
        .build();
  }
}
