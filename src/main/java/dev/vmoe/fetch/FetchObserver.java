package dev.vmoe.fetch;

/** Told of each fetch that has ended, on any thread. */
public interface FetchObserver {

  enum Outcome {
    /** The image is there. */
    FETCHED,
    /** The address, or where it led, is not allowed. */
    REFUSED,
    /** It was tried, and no image came. */
    FAILED
  }

  /**
   * A fetch has ended.
   *
   * @param nanos from its start, over all attempts, in nanoseconds
   */
  void ended(Outcome outcome, long nanos);
}
