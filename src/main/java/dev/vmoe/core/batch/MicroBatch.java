package dev.vmoe.core.batch;

import dev.vmoe.core.capacity.Decision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One micro-batch from its first image to its result; guarded by the batcher's lock. */
final class MicroBatch<T> {

  final String id;

  final BatchTerms terms;

  final long openedNanos;

  /** All entries, in the order they came, over all lanes. */
  final List<BatchEntry<T>> entries = new ArrayList<>();

  /** Entries that count for the size: all but those that had expired when they came. */
  int places;

  /** Images to decode: entries that came with bytes. */
  int images;

  /** Those of them that have expired since, or whose lane was closed. */
  private int dropped;

  long bytes;

  /** Images that no worker has finished yet. */
  int undecoded;

  /** Where images are decoded into; null until a buffer is free, and again after the run. */
  @Nullable ByteBuffer buffer;

  @Nullable FlushReason flushReason;

  long closedNanos;

  long startNanos;

  /** How it runs; null until its turn comes, and where no image is left. */
  @Nullable Decision decision;

  @Nullable BatchRun run;

  @Nullable RuntimeException failure;

  /** Opens a batch, for which a use of the model has begun. */
  MicroBatch(String id, BatchTerms terms, long openedNanos) {
    this.id = id;
    this.terms = terms;
    this.openedNanos = openedNanos;
  }

  void add(BatchEntry<T> entry) {
    entries.add(entry);
    if (!entry.expired()) {
      places++;
    }
    if (entry.encoded != null) {
      entry.slot = images++;
      bytes += entry.encoded.length;
      undecoded++;
    }
  }

  /**
   * Closes the batch if its limits say so.
   *
   * @param running whether a run is under way
   * @return how long it may still fill if nothing joins, in nanoseconds; 0 if it is closed
   */
  long closeIfDue(long nowNanos, boolean running) {
    if (flushReason != null) {
      return 0;
    }
    long ageNanos = Math.max(0, nowNanos - openedNanos); // lanes may be out of order by a little
    BatchLimits.Closing closing = terms.limits().closing(places, bytes, ageNanos, running);
    if (closing.reason() != null) {
      close(closing.reason(), nowNanos);
      return 0;
    }
    return closing.deadlineNanos() - ageNanos;
  }

  void close(FlushReason reason, long nowNanos) {
    flushReason = reason;
    closedNanos = nowNanos;
  }

  /** Returns how long the first image waited for the closing, in nanoseconds. */
  long lingerNanos() {
    return closedNanos - openedNanos;
  }

  /** Rejects an entry that is not being decoded now, and can no longer be in time. */
  void expire(BatchEntry<T> entry, long lateNanos) {
    if (entry.encoded != null) {
      undecoded--;
    }
    entry.expire(lateNanos);
    dropped++;
  }

  /**
   * Drops an entry that nobody waits for any more: it is not decoded, does not run and is no load.
   * Its place in the buffer stays empty.
   */
  void withdraw(BatchEntry<T> entry) {
    if (entry.slot >= 0 && !entry.expired()) {
      dropped++;
    }
    DecodeTask task = entry.task;
    if (entry.encoded != null && task != null && !task.withdraw()) {
      entry.withdraw(); // a worker has it, and will say when it is done
      return;
    }
    if (entry.encoded != null) {
      undecoded--;
    }
    entries.remove(entry);
  }

  /** Returns the images of which an answer is still wanted, decodable or not. */
  int wanted() {
    return images - dropped;
  }

  /** Returns the time until the most urgent image is due; {@link Long#MAX_VALUE} if none is. */
  long leftNanos(long nowNanos) {
    return entries.stream()
        .filter(BatchEntry::hasDeadline)
        .mapToLong(entry -> entry.dueNanos - nowNanos)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  boolean decoded() {
    return buffer != null && undecoded == 0;
  }

  /** Returns the images that are not rejected: once all are decoded, those that run. */
  int toRun() {
    return (int) entries.stream().filter(entry -> entry.rejection == null).count();
  }

  boolean finished() {
    return run != null || failure != null;
  }

  /**
   * Closes the gaps that rejected images left in the buffer, keeping the order.
   *
   * <p>(images, slotBytes) → (images left, slotBytes): garbage must not compete for slots.
   *
   * @return images left
   */
  int compact() {
    int slotBytes = terms.model().slotBytes();
    ByteBuffer images = Objects.requireNonNull(buffer);
    int kept = 0;
    for (BatchEntry<T> entry : entries) {
      if (entry.rejection != null) {
        continue;
      }
      if (entry.slot != kept) {
        images.put(kept * slotBytes, images, entry.slot * slotBytes, slotBytes);
        entry.slot = kept;
      }
      kept++;
    }
    return kept;
  }

  /** Returns what is attached to the images that are left, each where its image is. */
  List<T> origins() {
    return entries.stream()
        .filter(entry -> entry.rejection == null)
        .map(entry -> entry.origin)
        .toList();
  }

  /**
   * Returns the priorities of the images that are left, (images left), each where its image is
   * since the {@link #compact compaction}.
   */
  float[] priorities(int numImages) {
    float[] priorities = new float[numImages];
    for (BatchEntry<T> entry : entries) {
      if (entry.rejection == null) {
        priorities[entry.slot] = entry.priority;
      }
    }
    return priorities;
  }
}
