package dev.vmoe.streams.metrics;

/** The value of a gauge that is set; not a number before the first time. */
final class GaugeValue {

  private volatile double value = Double.NaN;

  void set(double now) {
    value = now;
  }

  double get() {
    return value;
  }
}
