package dev.vmoe.core.batch;

import dev.vmoe.core.moe.ImagePriority;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One submitter's way through the micro-batcher: images go in, whole shares come out in the order
 * the images went in.
 *
 * <p>A lane belongs to one thread; the batcher's own threads never touch what is attached, they
 * only show it to the {@link RunObserver}. Its queue is of shares, not of images: only the batcher
 * knows, under its lock, which images went into one batch.
 *
 * @param <T> what the submitter attaches to each image
 */
public final class Lane<T> implements AutoCloseable {

  /** Due time of an image that is answered however late. */
  public static final long NEVER_DUE = Long.MAX_VALUE;

  private final MicroBatcher<T> batcher;
  private final Deque<PendingShare<T>> shares = new ArrayDeque<>();

  /** What the lane has in one batch. */
  private record PendingShare<T>(MicroBatch<T> batch, List<BatchEntry<T>> entries) {}

  Lane(MicroBatcher<T> batcher) {
    this.batcher = batcher;
  }

  /**
   * Adds an encoded image to the batch that is filling. Never blocks.
   *
   * @param priority importance of the image, relative to the others of its batch
   * @param dueNanos when its batch has to have run, by the batcher's clock; an image that cannot
   *     make it is rejected as expired, in its turn. {@link #NEVER_DUE} if it is never too late
   * @throws IllegalArgumentException if the priority is outside the bounds of {@link ImagePriority}
   */
  public void submit(T origin, byte[] encoded, float priority, long dueNanos) {
    ImagePriority.require(priority);
    add(BatchEntry.submitted(origin, priority, encoded, dueNanos, batcher.nanos()));
  }

  /**
   * Adds something that is known to have no answer, so that it leaves in order with the rest. Never
   * blocks.
   */
  public void reject(T origin, String reason) {
    add(BatchEntry.rejected(origin, reason, batcher.nanos()));
  }

  private void add(BatchEntry<T> entry) {
    batcher.lock.lock();
    try {
      MicroBatch<T> batch = batcher.add(entry);
      PendingShare<T> last = shares.peekLast();
      if (last == null || last.batch() != batch) {
        last = new PendingShare<>(batch, new ArrayList<>());
        shares.addLast(last);
      }
      last.entries().add(entry);
    } finally {
      batcher.lock.unlock();
    }
  }

  /** Returns how many images went in and have not come out. */
  int pending() {
    return shares.stream().mapToInt(share -> share.entries().size()).sum();
  }

  /**
   * Takes the oldest share out if it is finished.
   *
   * @return the share, or null while the oldest is not finished or nothing is pending
   * @throws dev.vmoe.core.inference.InferenceException if the share's batch failed; the lane is
   *     then of no further use
   */
  public @Nullable Share<T> poll() {
    batcher.lock.lock();
    try {
      PendingShare<T> head = shares.peekFirst();
      if (head == null) {
        return null;
      }
      if (!head.batch().finished()) {
        batcher.batcherFailure.throwIfSet();
        return null;
      }
      if (head.batch().failure != null) {
        throw head.batch().failure;
      }
      shares.removeFirst();
      return new Share<>(
          Objects.requireNonNull(head.batch().run),
          head.entries().stream().map(BatchEntry::answer).toList());
    } finally {
      batcher.lock.unlock();
    }
  }

  /**
   * Waits until {@link #poll()} returns a share or throws, or nothing is pending.
   *
   * @return false if the time is up first
   * @throws IllegalStateException if the batcher is closed, so that there is nothing to wait for
   */
  public boolean await(Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    batcher.lock.lockInterruptibly();
    try {
      while (!shares.isEmpty()
          && !shares.getFirst().batch().finished()
          && !batcher.batcherFailure.isSet()) {
        batcher.requireOpen();
        if (left <= 0) {
          return false;
        }
        left = batcher.finished.awaitNanos(left);
      }
      return true;
    } finally {
      batcher.lock.unlock();
    }
  }

  /** Forgets everything that is pending; late results are discarded. */
  @Override
  public void close() {
    batcher.lock.lock();
    try {
      for (PendingShare<T> share : shares) {
        batcher.withdraw(share.batch(), share.entries());
      }
      shares.clear();
    } finally {
      batcher.lock.unlock();
    }
  }
}
