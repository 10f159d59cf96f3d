package dev.vmoe.importer.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A box within an array: start and extent along each axis.
 *
 * @param starts first index along each axis
 * @param extents number of indices along each axis
 */
record Region(List<Integer> starts, List<Integer> extents) {

  /**
   * Start and end of a slice along one axis.
   *
   * @param start first index
   * @param stop index after the last, or {@link #TO_THE_END}
   */
  record AxisSlice(long start, long stop) {
    static final long TO_THE_END = Long.MAX_VALUE;

    @Override
    public String toString() {
      return start + ":" + (stop == TO_THE_END ? "" : stop);
    }
  }

  Region {
    starts = List.copyOf(starts);
    extents = List.copyOf(extents);
  }

  /** Returns the region that slices select of an array; empty if they exceed it. */
  static Optional<Region> of(List<AxisSlice> slices, int[] shape) {
    if (slices.size() > shape.length) {
      return Optional.empty();
    }
    List<Integer> starts = new ArrayList<>();
    List<Integer> extents = new ArrayList<>();
    for (int axis = 0; axis < shape.length; axis++) {
      AxisSlice slice =
          axis < slices.size() ? slices.get(axis) : new AxisSlice(0, AxisSlice.TO_THE_END);
      long stop = slice.stop() == AxisSlice.TO_THE_END ? shape[axis] : slice.stop();
      if (slice.start() < 0 || slice.start() > stop || stop > shape[axis]) {
        return Optional.empty();
      }
      starts.add((int) slice.start());
      extents.add((int) (stop - slice.start()));
    }
    return Optional.of(new Region(starts, extents));
  }

  static Region whole(int[] shape) {
    return of(List.of(), shape).orElseThrow();
  }

  /** Returns the product of extents; {@link Long#MAX_VALUE} if it is larger than that. */
  static long volume(int[] shape) {
    long volume = 1;
    for (int extent : shape) {
      if (extent == 0) {
        return 0;
      }
      long high = Math.multiplyHigh(volume, extent);
      volume = high != 0 || volume * extent < 0 ? Long.MAX_VALUE : volume * extent;
    }
    return volume;
  }

  long volume() {
    return volume(extents.stream().mapToInt(Integer::intValue).toArray());
  }

  /** Returns whether the regions have a value in common. */
  boolean overlaps(Region other) {
    for (int axis = 0; axis < starts.size(); axis++) {
      int from = Math.max(starts.get(axis), other.starts.get(axis));
      int to =
          Math.min(
              starts.get(axis) + extents.get(axis),
              other.starts.get(axis) + other.extents.get(axis));
      if (from >= to) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the length of the runs of values that are contiguous, in C order, both in the region
   * and in an array of this shape.
   */
  int runLength(int[] shape) {
    int run = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      run *= extents.get(axis);
      if (extents.get(axis) != shape[axis]) {
        break;
      }
    }
    return run;
  }

  /** Returns the position in an array of this shape of the value at a position in the region. */
  int positionIn(int[] shape, long positionInRegion) {
    long rest = positionInRegion;
    int position = 0;
    int stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      position += (starts.get(axis) + (int) (rest % extents.get(axis))) * stride;
      rest /= extents.get(axis);
      stride *= shape[axis];
    }
    return position;
  }

  @Override
  public String toString() {
    List<AxisSlice> slices = new ArrayList<>();
    for (int axis = 0; axis < starts.size(); axis++) {
      slices.add(new AxisSlice(starts.get(axis), (long) starts.get(axis) + extents.get(axis)));
    }
    return slices.toString();
  }
}
