package dev.vmoe.core.capacity;

/**
 * Chooses the operating point of each batch: a sample in, a decision out.
 *
 * <p>It decides once before every run, on one thread at a time. An implementation reads no clock:
 * time is in the sample.
 */
@FunctionalInterface
public interface CapacityController {

  Decision decide(Sample sample);

  /**
   * Returns how long a run of this many images is predicted to take at the fastest point that may
   * be chosen, in nanoseconds; 0 where nothing is known. Any thread may ask. What wraps another
   * controller passes this on.
   */
  default long fastestRunNanos(int images) {
    return 0;
  }
}
