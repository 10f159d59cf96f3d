package dev.vmoe.metrics;

/** Converts times to seconds, Prometheus' base unit. */
final class Seconds {

  private Seconds() {}

  static double ofNanos(long nanos) {
    return nanos / 1e9;
  }

  static double ofMillis(long millis) {
    return millis / 1e3;
  }
}
