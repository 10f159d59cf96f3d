package dev.vmoe.metrics;

/** The value of a gauge: the last one that was set; not a number before the first. */
final class Level {

  private volatile double value = Double.NaN;

  void set(double now) {
    value = now;
  }

  double get() {
    return value;
  }
}
