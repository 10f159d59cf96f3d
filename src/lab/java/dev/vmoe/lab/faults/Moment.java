package dev.vmoe.lab.faults;

/**
 * A moment on both clocks.
 *
 * @param nanos by the monotonic clock, in nanoseconds
 * @param ms milliseconds since 1970
 */
record Moment(long nanos, long ms) {

  /** Returns the present one. */
  static Moment now() {
    return new Moment(System.nanoTime(), System.currentTimeMillis());
  }
}
