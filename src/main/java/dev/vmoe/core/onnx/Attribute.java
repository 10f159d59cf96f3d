package dev.vmoe.core.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import java.util.stream.LongStream;

/** A named constant of a node. */
public final class Attribute {

  /** The type of an attribute's value. */
  public enum ValueType {
    /** A whole number. */
    INTEGER,
    /** Whole numbers. */
    INTEGERS,
    /** A real number. */
    REAL
  }

  private final ValueType valueType;
  private final AttributeProto proto;

  private Attribute(ValueType valueType, AttributeProto.Builder proto) {
    this.valueType = valueType;
    this.proto = proto.build();
  }

  /** Returns a whole number. */
  public static Attribute integer(String name, long value) {
    return new Attribute(ValueType.INTEGER, named(name, AttributeType.INT).setI(value));
  }

  /** Returns whole numbers. */
  public static Attribute integers(String name, long... values) {
    return new Attribute(
        ValueType.INTEGERS,
        named(name, AttributeType.INTS).addAllInts(LongStream.of(values).boxed().toList()));
  }

  /** Returns a real number. */
  public static Attribute real(String name, float value) {
    return new Attribute(ValueType.REAL, named(name, AttributeType.FLOAT).setF(value));
  }

  private static AttributeProto.Builder named(String name, AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  /** Returns the name. */
  public String name() {
    return proto.getName();
  }

  /** Returns the type of the value. */
  public ValueType valueType() {
    return valueType;
  }

  AttributeProto proto() {
    return proto;
  }
}
