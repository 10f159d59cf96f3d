package dev.vmoe.core.tensor;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** An immutable array of fp32 values with a shape, in C order. */
public final class Tensor {

  private static final int WINDOW_VALUES = 1 << 16;

  private final int[] shape;
  private final int size;

  /** The values of this tensor; of a whole tensor if this is a row of it. */
  private final float[] values;

  private final int offset;

  private Tensor(int[] shape, int size, float[] values, int offset) {
    this.shape = shape;
    this.size = size;
    this.values = values;
    this.offset = offset;
  }

  /**
   * Returns a tensor over a copy of these values.
   *
   * @throws IllegalArgumentException if the number of values is not the product of the extents
   */
  public static Tensor of(float[] values, int... shape) {
    return takeOver(values.clone(), shape);
  }

  /**
   * Returns a tensor over the array itself, without a copy: for weights, which are large. The
   * caller must not write to the array again.
   *
   * @throws IllegalArgumentException if the number of values is not the product of the extents
   */
  public static Tensor takeOver(float[] values, int... shape) {
    requireFills(values.length, shape);
    return new Tensor(shape.clone(), values.length, values, 0);
  }

  /** Returns the number of axes. */
  public int rank() {
    return shape.length;
  }

  /** Returns the extent of one axis; a negative axis counts from the end. */
  public int extent(int axis) {
    return shape[axis < 0 ? axis + shape.length : axis];
  }

  /** Returns a copy of the extents. */
  public int[] shape() {
    return shape.clone();
  }

  /** Returns the number of values. */
  public int size() {
    return size;
  }

  /** Returns the value at a position in C order. */
  public float at(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("value " + index + " of " + this);
    }
    return values[offset + index];
  }

  /** Returns a read-only view of all values in C order. */
  public FloatBuffer values() {
    return FloatBuffer.wrap(values, offset, size).slice().asReadOnlyBuffer();
  }

  /** Returns the same values under another shape of the same size. */
  public Tensor reshape(int... newShape) {
    requireFills(size, newShape);
    return new Tensor(newShape.clone(), size, values, offset);
  }

  /** Returns the part at one index of the first axis, without that axis. Shares the values. */
  public Tensor row(int index) {
    int rows = shape[0];
    if (index < 0 || index >= rows) {
      throw new IndexOutOfBoundsException("row " + index + " of " + this);
    }
    int rowSize = size / rows;
    return new Tensor(
        Arrays.copyOfRange(shape, 1, shape.length), rowSize, values, offset + index * rowSize);
  }

  /** Returns the bytes that {@link #writeTo} writes. */
  public long bytes() {
    return (long) Float.BYTES * size;
  }

  /** Writes the values as little-endian fp32, a window at a time: no full copy. */
  public void writeTo(OutputStream out) throws IOException {
    FloatBuffer rest = values();
    ByteBuffer window =
        ByteBuffer.allocate(Float.BYTES * Math.min(WINDOW_VALUES, size))
            .order(ByteOrder.LITTLE_ENDIAN);
    while (rest.hasRemaining()) {
      int count = Math.min(WINDOW_VALUES, rest.remaining());
      window.asFloatBuffer().put(rest.slice(rest.position(), count));
      out.write(window.array(), 0, Float.BYTES * count);
      rest.position(rest.position() + count);
    }
  }

  private static void requireFills(int size, int[] shape) {
    if (size(shape) != size) {
      throw new IllegalArgumentException(size + " values do not fill the shape " + describe(shape));
    }
  }

  /** Returns the shape as (2, 3, 4). */
  public String describeShape() {
    return describe(shape);
  }

  private static long size(int[] shape) {
    long size = 1;
    for (int extent : shape) {
      size = Math.multiplyExact(size, extent);
    }
    return size;
  }

  private static String describe(int[] shape) {
    return IntStream.of(shape)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(", ", "(", ")"));
  }

  @Override
  public String toString() {
    return "Tensor" + describeShape();
  }
}
