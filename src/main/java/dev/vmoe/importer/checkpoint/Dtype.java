package dev.vmoe.importer.checkpoint;

import dev.vmoe.core.tensor.Half;
import dev.vmoe.importer.checkpoint.MsgpackScanner.MalformedException;
import java.nio.ByteBuffer;

/** The type in which the values of a leaf are stored; in memory, all are fp32. */
@SuppressWarnings("ImmutableEnumChecker") // the functions have no state
public enum Dtype {
  FLOAT32("float32", Float.BYTES, ByteBuffer::getFloat) {
    @Override
    void decode(ByteBuffer from, float[] to, int at, int count) {
      from.asFloatBuffer().get(to, at, count);
      from.position(from.position() + count * Float.BYTES);
    }
  },
  FLOAT16("float16", Short.BYTES, from -> Half.fromFloat16(from.getShort())),
  BFLOAT16("bfloat16", Short.BYTES, from -> Half.fromBfloat16(from.getShort())),
  FLOAT64("float64", Double.BYTES, from -> (float) from.getDouble()),
  INT8("int8", 1, ByteBuffer::get),
  INT16("int16", Short.BYTES, ByteBuffer::getShort),
  INT32("int32", Integer.BYTES, ByteBuffer::getInt),
  INT64("int64", Long.BYTES, ByteBuffer::getLong),
  UINT8("uint8", 1, from -> from.get() & 0xff),
  UINT16("uint16", Short.BYTES, from -> from.getShort() & 0xffff),
  UINT32("uint32", Integer.BYTES, from -> from.getInt() & 0xffffffffL),
  UINT64("uint64", Long.BYTES, from -> unsigned(from.getLong())),
  BOOL("bool", 1, from -> from.get() == 0 ? 0 : 1);

  private interface Get {
    float from(ByteBuffer buffer);
  }

  private final String label;
  private final int bytes;
  private final Get get;

  Dtype(String label, int bytes, Get get) {
    this.label = label;
    this.bytes = bytes;
    this.get = get;
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

  /** Reads {@code count} values, in the buffer's byte order, into {@code to} from {@code at} on. */
  void decode(ByteBuffer from, float[] to, int at, int count) {
    for (int i = at; i < at + count; i++) {
      to[i] = get.from(from);
    }
  }

  private static float unsigned(long bits) {
    return bits >= 0 ? bits : (float) (((bits >>> 1) | (bits & 1)) * 2.0);
  }
}
