package dev.vmoe.core.onnx;

/** The size of a tensor along one axis: a number, or a name if each run decides. */
public sealed interface Extent {

  /** Returns an extent that is the same in every run. */
  static Extent of(long size) {
    return new Fixed(size);
  }

  /** Returns an extent that each run decides; equal names mean equal extents. */
  static Extent named(String name) {
    return new Named(name);
  }

  /** An extent known when the graph is built. */
  record Fixed(long size) implements Extent {}

  /** An extent known when the graph runs. */
  record Named(String name) implements Extent {}
}
