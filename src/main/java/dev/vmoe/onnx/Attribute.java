package dev.vmoe.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import com.google.protobuf.ByteString;
import java.util.stream.LongStream;

/** A named constant of a node. */
public final class Attribute {

  /** What an attribute holds. */
  public enum Kind {
    /** A whole number. */
    INTEGER,
    /** Whole numbers. */
    INTEGERS,
    /** A real number. */
    REAL,
    /** A string. */
    TEXT
  }

  private final Kind kind;
  private final AttributeProto proto;

  private Attribute(Kind kind, AttributeProto.Builder proto) {
    this.kind = kind;
    this.proto = proto.build();
  }

  /** Returns a whole number. */
  public static Attribute integer(String name, long value) {
    return new Attribute(Kind.INTEGER, named(name, AttributeType.INT).setI(value));
  }

  /** Returns whole numbers. */
  public static Attribute integers(String name, long... values) {
    return new Attribute(
        Kind.INTEGERS,
        named(name, AttributeType.INTS).addAllInts(LongStream.of(values).boxed().toList()));
  }

  /** Returns a real number. */
  public static Attribute real(String name, float value) {
    return new Attribute(Kind.REAL, named(name, AttributeType.FLOAT).setF(value));
  }

  /** Returns a string. */
  public static Attribute text(String name, String value) {
    return new Attribute(
        Kind.TEXT, named(name, AttributeType.STRING).setS(ByteString.copyFromUtf8(value)));
  }

  private static AttributeProto.Builder named(String name, AttributeType type) {
    return AttributeProto.newBuilder().setName(name).setType(type);
  }

  /** Returns the name. */
  public String name() {
    return proto.getName();
  }

  /** Returns what it holds. */
  public Kind kind() {
    return kind;
  }

  AttributeProto proto() {
    return proto;
  }
}
