package dev.vmoe.checkpoint;

import dev.vmoe.checkpoint.MsgpackScanner.MalformedException;
import java.nio.ByteBuffer;

/** The type in which the values of a leaf are stored; in memory all are fp32. */
@SuppressWarnings("ImmutableEnumChecker") // the functions have no state
public enum Dtype {
  FLOAT32("float32", Float.BYTES, ByteBuffer::getFloat, ByteBuffer::putFloat) {
    @Override
    void decode(ByteBuffer from, float[] to, int at, int count) {
      from.asFloatBuffer().get(to, at, count);
      from.position(from.position() + count * Float.BYTES);
    }
  },
  FLOAT16(
      "float16",
      Short.BYTES,
      from -> Half.fromFloat16(from.getShort()),
      (to, value) -> to.putShort(Half.toFloat16(value))),
  BFLOAT16(
      "bfloat16",
      Short.BYTES,
      from -> Half.fromBfloat16(from.getShort()),
      (to, value) -> to.putShort(Half.toBfloat16(value))),
  FLOAT64("float64", Double.BYTES, from -> (float) from.getDouble(), ByteBuffer::putDouble),
  INT8("int8", 1, ByteBuffer::get, (to, value) -> to.put((byte) value)),
  INT16("int16", Short.BYTES, ByteBuffer::getShort, (to, value) -> to.putShort((short) value)),
  INT32("int32", Integer.BYTES, ByteBuffer::getInt, (to, value) -> to.putInt((int) value)),
  INT64("int64", Long.BYTES, ByteBuffer::getLong, (to, value) -> to.putLong((long) value)),
  UINT8("uint8", 1, from -> from.get() & 0xff, (to, value) -> to.put((byte) (int) value)),
  UINT16(
      "uint16",
      Short.BYTES,
      from -> from.getShort() & 0xffff,
      (to, value) -> to.putShort((short) (int) value)),
  UINT32(
      "uint32",
      Integer.BYTES,
      from -> from.getInt() & 0xffffffffL,
      (to, value) -> to.putInt((int) (long) value)),
  UINT64(
      "uint64",
      Long.BYTES,
      from -> unsigned(from.getLong()),
      (to, value) -> to.putLong((long) value)),
  BOOL("bool", 1, from -> from.get() == 0 ? 0 : 1, (to, value) -> to.put((byte) (int) value));

  private interface Get {
    float from(ByteBuffer buffer);
  }

  private interface Put {
    void to(ByteBuffer buffer, float value);
  }

  private final String label;
  private final int bytes;
  private final Get get;
  private final Put put;

  Dtype(String label, int bytes, Get get, Put put) {
    this.label = label;
    this.bytes = bytes;
    this.get = get;
    this.put = put;
  }

  /** Returns numpy's name of the type. */
  public String label() {
    return label;
  }

  /** Returns the bytes that one value takes. */
  public int bytes() {
    return bytes;
  }

  /** Returns the type that numpy gives this name. */
  static Dtype ofLabel(String label) throws MalformedException {
    for (Dtype dtype : values()) {
      if (dtype.label.equals(label)) {
        return dtype;
      }
    }
    throw new MalformedException("unknown dtype " + label);
  }

  /** Reads {@code count} values, in the buffer's byte order, to {@code to[at]} and after. */
  void decode(ByteBuffer from, float[] to, int at, int count) {
    for (int i = at; i < at + count; i++) {
      to[i] = get.from(from);
    }
  }

  /** Writes one value in the buffer's byte order. */
  void encode(float value, ByteBuffer to) {
    put.to(to, value);
  }

  private static float unsigned(long bits) {
    return bits >= 0 ? bits : (float) (((bits >>> 1) | (bits & 1)) * 2.0);
  }
}
