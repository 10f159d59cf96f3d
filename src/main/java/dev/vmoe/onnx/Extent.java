package dev.vmoe.onnx;

/** How far a tensor reaches along one axis: a number, or a name for what each run decides. */
public sealed interface Extent {

  /** Returns an extent that is the same in every run. */
  static Extent of(long size) {
    return new Fixed(size);
  }

  /** Returns an extent that each run decides; equal names are equal extents. */
  static Extent named(String name) {
    return new Named(name);
  }

  /** An extent known when the graph is built. */
  record Fixed(long size) implements Extent {}

  /** An extent known when the graph runs. */
  record Named(String name) implements Extent {}
}
