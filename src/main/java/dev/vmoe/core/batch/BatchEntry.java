package dev.vmoe.core.batch;

import dev.vmoe.core.moe.ImagePriority;
import org.jspecify.annotations.Nullable;

/**
 * One image on its way through a batch.
 *
 * <p>Written by the submitter, then by one decode worker (or the watch that gives it up, or the
 * lane that is closed), then by one inference thread; each hands over under the batcher's lock.
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

  Answer.Cause cause = Answer.Cause.IMAGE;

  @Nullable DecodeTask task;

  /** Whether its lane was closed while it was being decoded, so that nobody waits for it. */
  boolean withdrawn;

  /**
   * Position in the batch's buffer while decoding, in the batch's result after compaction; below 0
   * where there never was an image.
   */
  int slot = -1;

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
    cause = Answer.Cause.EXPIRED;
    encoded = null;
  }

  boolean expired() {
    return cause == Answer.Cause.EXPIRED;
  }

  /** Lets it go: it is being decoded now, and takes part in nothing after that. */
  void withdraw() {
    rejection = "its partition has another owner";
    withdrawn = true;
  }

  void decoded(DecodeTask.DecodeOutcome image) {
    decodeStartNanos = image.startNanos();
    decodeNanos = image.nanos();
    if (!withdrawn) {
      rejection = image.rejection();
      cause = image.timedOut() ? Answer.Cause.TIMEOUT : Answer.Cause.IMAGE;
    }
    encoded = null;
  }

  Answer<T> answer() {
    return rejection == null
        ? new Answer.Classified<>(origin, slot, queueNanos, decodeStartNanos, decodeNanos)
        : new Answer.Rejected<>(origin, rejection, cause);
  }
}
