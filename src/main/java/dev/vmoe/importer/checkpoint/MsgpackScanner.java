package dev.vmoe.importer.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.msgpack.core.ExtensionTypeHeader;
import org.msgpack.core.MessageInsufficientBufferException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.core.buffer.ArrayBufferInput;
import org.msgpack.core.buffer.InputStreamBufferInput;
import org.msgpack.value.ValueType;

/**
 * Reads msgpack with flax's extensions, but leaves the values of arrays in the file: of a shard of
 * many gigabytes, only the headers are read.
 *
 * <p>Values become {@link Map}, {@link List}, {@link String}, {@link Long}, {@link Double}, {@link
 * Boolean}, {@code byte[]}, {@link StoredArray}, {@link Extension} or {@link #NIL}.
 */
final class MsgpackScanner {

  /** Bytes that do not follow their format. */
  static final class MalformedException extends IOException {
    MalformedException(String message) {
      super(message);
    }

    MalformedException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** An extension other than an array. */
  @SuppressWarnings("ArrayRecordComponent")
  record Extension(int code, byte[] payload) {}

  static final Object NIL = new Object();

  private static final int BUFFER_BYTES = 8192;
  private static final int MAX_DEPTH = 100;
  private static final int MAX_AXES = 32;

  /**
   * Maximum bytes held of one file or payload, besides the arrays that stay in it: enough for
   * thousands of leaves over hundreds of devices.
   */
  private static final long MAX_HELD_BYTES = 64L << 20;

  /** Approximate size of an object that holds one value. */
  private static final int VALUE_BYTES = 64;

  private final @Nullable SeekableByteChannel channel;
  private final long size;
  private final MessageUnpacker unpacker;
  private long unpackerStart;
  private long heldBytes;

  /** Scans a file from its beginning. */
  MsgpackScanner(SeekableByteChannel channel) throws IOException {
    this.channel = channel;
    this.size = channel.size();
    this.unpacker =
        MessagePack.newDefaultUnpacker(
            new InputStreamBufferInput(Channels.newInputStream(channel), BUFFER_BYTES));
  }

  /** Scans the payload of an extension. */
  MsgpackScanner(byte[] payload) {
    this.channel = null;
    this.size = payload.length;
    this.unpacker = MessagePack.newDefaultUnpacker(new ArrayBufferInput(payload));
  }

  Object value() throws IOException {
    return guarded(() -> value(0));
  }

  /** Returns the number of entries of the map that comes next. */
  int mapHeader() throws IOException {
    return guarded(unpacker::unpackMapHeader);
  }

  /** Returns whether all bytes were read. */
  boolean atEnd() {
    return position() == size;
  }

  private interface Read<T> {
    T read() throws IOException;
  }

  private <T> T guarded(Read<T> read) throws IOException {
    try {
      return read.read();
    } catch (MessageInsufficientBufferException e) {
      throw new MalformedException("truncated after " + size + " bytes: copy the file again", e);
    } catch (MessagePackException e) {
      throw new MalformedException("not msgpack at byte " + position() + ": " + e.getMessage(), e);
    }
  }

  private Object value(int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new MalformedException("nested deeper than " + MAX_DEPTH);
    }
    hold(VALUE_BYTES);
    ValueType type = unpacker.getNextFormat().getValueType();
    return switch (type) {
      case NIL -> {
        unpacker.unpackNil();
        yield NIL;
      }
      case BOOLEAN -> unpacker.unpackBoolean();
      case INTEGER -> unpacker.unpackLong();
      case FLOAT -> unpacker.unpackDouble();
      case STRING -> new String(bytes(unpacker.unpackRawStringHeader()), UTF_8);
      case BINARY -> bytes(unpacker.unpackBinaryHeader());
      case ARRAY -> list(depth);
      case MAP -> map(depth);
      case EXTENSION -> extension(depth);
    };
  }

  private List<Object> list(int depth) throws IOException {
    int length = unpacker.unpackArrayHeader();
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      list.add(value(depth + 1));
    }
    return list;
  }

  private Map<String, Object> map(int depth) throws IOException {
    int length = unpacker.unpackMapHeader();
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < length; i++) {
      Object key = value(depth + 1);
      String name = key instanceof byte[] bytes ? new String(bytes, UTF_8) : key.toString();
      if (map.put(name, value(depth + 1)) != null) {
        throw new MalformedException("a map has the key '" + name + "' twice");
      }
    }
    return map;
  }

  private Object extension(int depth) throws IOException {
    ExtensionTypeHeader header = unpacker.unpackExtensionTypeHeader();
    boolean array =
        header.getType() == FlaxExtension.ARRAY || header.getType() == FlaxExtension.NUMPY_SCALAR;
    if (!array || channel == null) {
      return new Extension(header.getType(), bytes(header.getLength()));
    }
    long end = position() + header.getLength();
    if (unpacker.unpackArrayHeader() != 3) {
      throw new MalformedException("an array is not (shape, dtype, values)");
    }
    int[] shape = shape(value(depth + 1));
    String dtype = text(value(depth + 1));
    long length = binaryOrStringHeader();
    long start = position();
    if (start + length != end) {
      throw new MalformedException(
          String.format("an array of %d bytes ends at %d, not at %d", length, start + length, end));
    }
    skip(length);
    return new StoredArray(shape, dtype, start, length);
  }

  private int binaryOrStringHeader() throws IOException {
    return unpacker.getNextFormat().getValueType() == ValueType.STRING
        ? unpacker.unpackRawStringHeader()
        : unpacker.unpackBinaryHeader();
  }

  private byte[] bytes(int length) throws IOException {
    checkHas(length);
    hold(length);
    return unpacker.readPayload(length);
  }

  private void hold(long bytes) throws MalformedException {
    heldBytes += bytes;
    if (heldBytes > MAX_HELD_BYTES) {
      throw new MalformedException(
          "more than " + MAX_HELD_BYTES + " bytes beside arrays: no checkpoint has so many");
    }
  }

  /** Seeks: skipped bytes are not read. */
  private void skip(long length) throws IOException {
    checkHas(length);
    SeekableByteChannel file = Objects.requireNonNull(channel);
    long target = position() + length;
    file.position(target);
    unpacker.reset(new InputStreamBufferInput(Channels.newInputStream(file), BUFFER_BYTES));
    unpackerStart = target;
  }

  private void checkHas(long length) throws MalformedException {
    if (length > size - position()) {
      throw new MalformedException(
          String.format(
              "truncated: %d bytes at %d, but the file has %d: copy it again",
              length, position(), size));
    }
  }

  private long position() {
    return unpackerStart + unpacker.getTotalReadBytes();
  }

  static int[] shape(Object value) throws MalformedException {
    List<?> extents = list(value);
    if (extents.size() > MAX_AXES) {
      throw new MalformedException(extents.size() + " axes, more than " + MAX_AXES);
    }
    int[] shape = new int[extents.size()];
    for (int axis = 0; axis < shape.length; axis++) {
      long extent = integer(Objects.requireNonNull(extents.get(axis)));
      if (extent < 0 || extent > Integer.MAX_VALUE) {
        throw new MalformedException("extent " + extent + " of axis " + axis);
      }
      shape[axis] = (int) extent;
    }
    return shape;
  }

  static List<?> list(Object value) throws MalformedException {
    if (value instanceof List<?> list) {
      return list;
    }
    throw unexpected("a list", value);
  }

  static List<?> list(Object value, int length) throws MalformedException {
    List<?> list = list(value);
    if (list.size() != length) {
      throw new MalformedException("expected " + length + " items, found " + list.size());
    }
    return list;
  }

  static Map<?, ?> map(Object value) throws MalformedException {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw unexpected("a map", value);
  }

  static long integer(Object value) throws MalformedException {
    if (value instanceof Long integer) {
      return integer;
    }
    throw unexpected("an integer", value);
  }

  static String text(Object value) throws MalformedException {
    if (value instanceof String text) {
      return text;
    }
    if (value instanceof byte[] bytes) {
      return new String(bytes, UTF_8);
    }
    throw unexpected("a text", value);
  }

  /** Returns the value encoded in bytes or in an extension's payload. */
  static Object nested(Object value) throws IOException {
    if (value instanceof byte[] bytes) {
      return new MsgpackScanner(bytes).value();
    }
    if (value instanceof Extension extension) {
      return new MsgpackScanner(extension.payload()).value();
    }
    throw unexpected("bytes", value);
  }

  private static MalformedException unexpected(String wanted, Object value) {
    String found = value == NIL ? "nil" : value.getClass().getSimpleName();
    return new MalformedException("expected " + wanted + ", found " + found);
  }
}
