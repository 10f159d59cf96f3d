package dev.vmoe.tensor;

import java.nio.FloatBuffer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** An immutable array of fp32 values with a shape, in C order. */
public final class Tensor {

  private final int[] shape;
  private final float[] values;

  private Tensor(int[] shape, float[] values) {
    this.shape = shape;
    this.values = values;
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
   * Returns a tensor that takes the array over without a copy; the caller must not write to it any
   * more. For weights, which are large.
   *
   * @throws IllegalArgumentException if the number of values is not the product of the extents
   */
  public static Tensor takeOver(float[] values, int... shape) {
    if (size(shape) != values.length) {
      throw new IllegalArgumentException(
          values.length + " values do not fill the shape " + describe(shape));
    }
    return new Tensor(shape.clone(), values);
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
    return values.length;
  }

  /** Returns the value at a position in C order. */
  public float at(int index) {
    return values[index];
  }

  /** Returns a read-only view of all values in C order. */
  public FloatBuffer values() {
    return FloatBuffer.wrap(values).asReadOnlyBuffer();
  }

  /** Returns the same values under another shape of the same size. */
  public Tensor reshape(int... newShape) {
    return takeOver(values, newShape);
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
