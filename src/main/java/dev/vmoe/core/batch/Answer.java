package dev.vmoe.core.batch;

/**
 * What became of one submitted image.
 *
 * @param <T> what the submitter attached to the image
 */
public sealed interface Answer<T> {

  T origin();

  /**
   * The image was classified.
   *
   * @param origin what the submitter attached
   * @param index position of the image in its batch's result
   * @param queueNanos from submission to the start of inference, in nanoseconds
   * @param decodeStartNanos when a worker began to decode, by {@link System#nanoTime}
   * @param decodeNanos spent on decoding and resizing, in nanoseconds
   */
  record Classified<T>(
      T origin, int index, long queueNanos, long decodeStartNanos, long decodeNanos)
      implements Answer<T> {}

  /** What kept an image from being classified. */
  enum Cause {
    /** The image itself. */
    IMAGE,
    /** It could not be answered in time. */
    EXPIRED,
    /** Its decoding did not end. */
    TIMEOUT
  }

  /**
   * The image cannot be classified, or not in time.
   *
   * @param origin what the submitter attached
   * @param reason why, for the image's sender
   * @param cause what kind of reason that is
   */
  record Rejected<T>(T origin, String reason, Cause cause) implements Answer<T> {}
}
