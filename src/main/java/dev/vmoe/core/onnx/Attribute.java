package dev.vmoe.core.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import java.util.stream.LongStream;

/** A named constant of a node. */
public record Attribute(ValueType valueType, AttributeProto proto) {

  /** The type of an attribute's value. */
  public enum ValueType {
    INTEGER,
    INTEGERS,
    REAL
  }

  /** Returns a whole number. */
  public static Attribute integer(String name, long value) {
    return new Attribute(ValueType.INTEGER, named(name, AttributeType.INT).setI(value).build());
  }

  /** Returns whole numbers. */
  public static Attribute integers(String name, long... values) {
    return new Attribute(
        ValueType.INTEGERS,
        named(name, AttributeType.INTS).addAllInts(LongStream.of(values).boxed().toList()).build());
  }

  /** Returns a real number. */
  public static Attribute real(String name, float value) {
    return new Attribute(ValueType.REAL, named(name, AttributeType.FLOAT).setF(value).build());
  }

  private static AttributeProto.Builder named(String name, AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  String name() {
    return proto.getName();
  }
}
