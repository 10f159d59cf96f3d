package dev.vmoe.core.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;

/** The type of a tensor's elements. */
public enum ElementType {
  /** IEEE single precision. */
  FLOAT(DataType.FLOAT),
  /** IEEE half precision. */
  FLOAT16(DataType.FLOAT16),
  /** Signed 64-bit whole numbers, also the type of shapes and indices. */
  INT64(DataType.INT64),
  /** Signed 32-bit whole numbers. */
  INT32(DataType.INT32),
  /** Signed bytes. */
  INT8(DataType.INT8),
  /** Unsigned bytes. */
  UINT8(DataType.UINT8),
  /** True or false. */
  BOOL(DataType.BOOL);

  private final DataType dataType;

  ElementType(DataType dataType) {
    this.dataType = dataType;
  }

  /** Returns ONNX's number of this type. */
  public int number() {
    return dataType.getNumber();
  }
}
