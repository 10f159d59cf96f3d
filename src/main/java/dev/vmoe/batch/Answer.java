package dev.vmoe.batch;

/**
 * What became of one submitted image.
 *
 * @param <T> what the submitter attached to the image
 */
public sealed interface Answer<T> {

  /** Returns what the submitter attached to the image. */
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

  /**
   * The image cannot be classified, or not in time.
   *
   * @param origin what the submitter attached
   * @param reason why, for the image's sender
   * @param expired whether only time was missing
   */
  record Rejected<T>(T origin, String reason, boolean expired) implements Answer<T> {

    /** Creates the answer to what can never be classified. */
    public Rejected(T origin, String reason) {
      this(origin, reason, false);
    }
  }
}
