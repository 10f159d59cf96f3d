package dev.vmoe.batch;

import dev.vmoe.moe.ImagePriority;
import org.jspecify.annotations.Nullable;

/**
 * One image on its way through a batch.
 *
 * <p>Written by the submitter, then by one decode worker, then by one inference thread; each hands
 * over under the batcher's lock.
 */
final class BatchEntry<T> {

  final T origin;

  /** Importance of the image, relative to the others of its batch. */
  final float priority;

  final long submittedNanos;

  /** When the batch has to have run; {@link Lane#NEVER_DUE} if that does not matter. */
  final long dueNanos;

  /** The encoded image; null once it is decoded, or if there never was one. */
  byte @Nullable [] encoded;

  /** Why there is no answer; null for an image that can be classified. */
  @Nullable String rejection;

  /** Whether it was rejected because it could not be in time. */
  boolean expired;

  /** Position in the batch's buffer while decoding, in the batch's result after compaction. */
  int slot;

  long decodeStartNanos;
  long decodeNanos;
  long queueNanos;

  private BatchEntry(
      T origin,
      float priority,
      byte @Nullable [] encoded,
      @Nullable String rejection,
      long dueNanos,
      long submittedNanos) {
    this.origin = origin;
    this.priority = priority;
    this.encoded = encoded;
    this.rejection = rejection;
    this.dueNanos = dueNanos;
    this.submittedNanos = submittedNanos;
  }

  static <T> BatchEntry<T> submitted(
      T origin, float priority, byte[] encoded, long dueNanos, long nowNanos) {
    return new BatchEntry<>(origin, priority, encoded, null, dueNanos, nowNanos);
  }

  static <T> BatchEntry<T> rejected(T origin, String reason, long nowNanos) {
    return new BatchEntry<>(origin, ImagePriority.DEFAULT, null, reason, Lane.NEVER_DUE, nowNanos);
  }

  /** Returns whether it can still be classified, but not at any time. */
  boolean hasDeadline() {
    return rejection == null && dueNanos != Lane.NEVER_DUE;
  }

  /**
   * Rejects it, since it could only be answered this much past its deadline.
   *
   * @param lateNanos time above 0, in nanoseconds
   */
  void expire(long lateNanos) {
    long lateMs = (lateNanos - 1) / 1_000_000 + 1;
    rejection = "expired: its answer would have come " + lateMs + " ms past its deadline";
    expired = true;
    encoded = null;
  }

  /** Takes over what came of decoding. */
  void decoded(DecodedImage image) {
    decodeStartNanos = image.startNanos();
    decodeNanos = image.nanos();
    rejection = image.rejection();
    encoded = null;
  }

  Answer<T> answer() {
    return rejection == null
        ? new Answer.Classified<>(origin, slot, queueNanos, decodeStartNanos, decodeNanos)
        : new Answer.Rejected<>(origin, rejection, expired);
  }
}
