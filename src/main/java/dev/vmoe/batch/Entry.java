package dev.vmoe.batch;

import org.jspecify.annotations.Nullable;

/**
 * One image on its way through a batch.
 *
 * <p>Written by the submitter, then by one decode worker, then by the inference thread; each hands
 * over under the batcher's lock.
 */
final class Entry<T> {

  final T origin;
  final long submittedNanos;

  /** The encoded image; null once it is decoded, or if there never was one. */
  byte @Nullable [] encoded;

  /** Why there is no answer; null for an image that can be classified. */
  @Nullable String rejection;

  /** Position in the batch's buffer while decoding, in the batch's result after compaction. */
  int slot;

  long decodeNanos;
  long queueNanos;

  Entry(T origin, byte @Nullable [] encoded, @Nullable String rejection, long submittedNanos) {
    this.origin = origin;
    this.encoded = encoded;
    this.rejection = rejection;
    this.submittedNanos = submittedNanos;
  }

  Answer<T> answer() {
    return rejection == null
        ? new Answer.Classified<>(origin, slot, queueNanos, decodeNanos)
        : new Answer.Rejected<>(origin, rejection);
  }
}
