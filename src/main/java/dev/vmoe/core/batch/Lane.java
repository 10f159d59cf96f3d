package dev.vmoe.core.batch;

import dev.vmoe.core.moe.ImagePriority;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One submitter's way through the micro-batcher: images go in, whole shares come out in the order
 * the images went in.
 *
 * <p>A lane belongs to one thread; the batcher's own threads never touch what is attached, they
 * only show it to the {@link RunObserver}.
 *
 * @param <T> what the submitter attaches to each image
 */
public interface Lane<T> extends AutoCloseable {

  /** Due time of an image that is answered however late. */
  long NEVER_DUE = Long.MAX_VALUE;

  /**
   * Adds an encoded image to the batch that is filling. Never blocks.
   *
   * @param priority importance of the image, relative to the others of its batch
   * @param dueNanos when its batch has to have run, by the batcher's clock; an image that cannot
   *     make it is rejected as expired, in its turn. {@link #NEVER_DUE} if it is never too late
   * @throws IllegalArgumentException if the priority is outside the bounds of {@link ImagePriority}
   */
  void submit(T origin, byte[] encoded, float priority, long dueNanos);

  /** Adds an encoded image that is never too late. Never blocks. */
  default void submit(T origin, byte[] encoded, float priority) {
    submit(origin, encoded, priority, NEVER_DUE);
  }

  /** Adds an encoded image of normal priority. Never blocks. */
  default void submit(T origin, byte[] encoded) {
    submit(origin, encoded, ImagePriority.DEFAULT);
  }

  /**
   * Adds something that is known to have no answer, so that it leaves in order with the rest. Never
   * blocks.
   */
  void reject(T origin, String reason);

  /** Returns how many images went in and have not come out. */
  int pending();

  /**
   * Takes the oldest share out if it is finished.
   *
   * @return the share, or null while the oldest is not finished or nothing is pending
   * @throws dev.vmoe.core.inference.InferenceException if the share's batch failed; the lane is
   *     then of no further use
   */
  @Nullable Share<T> poll();

  /**
   * Waits until {@link #poll()} returns a share or throws, or nothing is pending.
   *
   * @return false if the time is up first
   * @throws IllegalStateException if the batcher is closed, so that there is nothing to wait for
   */
  boolean await(Duration timeout) throws InterruptedException;

  /** Forgets everything that is pending; late results are discarded. */
  @Override
  void close();
}
