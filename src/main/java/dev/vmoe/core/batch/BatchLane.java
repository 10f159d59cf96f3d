package dev.vmoe.core.batch;

import dev.vmoe.core.moe.ImagePriority;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A lane of a micro-batcher: its shares in order, each the entries it has in one batch. */
final class BatchLane<T> implements Lane<T> {

  private record PendingShare<T>(MicroBatch<T> batch, List<BatchEntry<T>> entries) {}

  private final MicroBatcher<T> batcher;
  private final Deque<PendingShare<T>> shares = new ArrayDeque<>();
  private int pending;

  BatchLane(MicroBatcher<T> batcher) {
    this.batcher = batcher;
  }

  @Override
  public void submit(T origin, byte[] encoded, float priority, long dueNanos) {
    ImagePriority.require(priority);
    enter(BatchEntry.submitted(origin, priority, encoded, dueNanos, batcher.nanos()));
  }

  @Override
  public void reject(T origin, String reason) {
    enter(BatchEntry.rejected(origin, reason, batcher.nanos()));
  }

  private void enter(BatchEntry<T> entry) {
    batcher.lock.lock();
    try {
      MicroBatch<T> batch = batcher.add(entry);
      PendingShare<T> last = shares.peekLast();
      if (last == null || last.batch() != batch) {
        last = new PendingShare<>(batch, new ArrayList<>());
        shares.addLast(last);
      }
      last.entries().add(entry);
      pending++;
    } finally {
      batcher.lock.unlock();
    }
  }

  @Override
  public int pending() {
    return pending;
  }

  @Override
  public @Nullable Share<T> poll() {
    batcher.lock.lock();
    try {
      PendingShare<T> head = shares.peekFirst();
      if (head == null) {
        return null;
      }
      if (!head.batch().finished()) {
        batcher.breakdown.requireNone();
        return null;
      }
      if (head.batch().failure != null) {
        throw head.batch().failure;
      }
      shares.removeFirst();
      pending -= head.entries().size();
      return new Share<>(
          Objects.requireNonNull(head.batch().run),
          head.entries().stream().map(BatchEntry::answer).toList());
    } finally {
      batcher.lock.unlock();
    }
  }

  @Override
  public boolean await(Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    batcher.lock.lockInterruptibly();
    try {
      while (!isDue() && !batcher.breakdown.happened()) {
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

  /** Returns whether there is nothing to wait for. */
  private boolean isDue() {
    return shares.isEmpty() || shares.getFirst().batch().finished();
  }

  @Override
  public void close() {
    batcher.lock.lock();
    try {
      for (PendingShare<T> share : shares) {
        batcher.withdraw(share.batch(), share.entries());
      }
      shares.clear();
      pending = 0;
    } finally {
      batcher.lock.unlock();
    }
  }
}
