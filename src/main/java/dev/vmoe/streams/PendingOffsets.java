package dev.vmoe.streams;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;

/**
 * The offsets of an instance that were read and whose results are not emitted yet, by partition.
 *
 * <p>Processors write here, the {@link CommitGuard} reads before each commit; for one partition
 * both do so on the same stream thread.
 */
final class PendingOffsets {

  private final Map<TopicPartition, Queue> queues = new ConcurrentHashMap<>();

  /** Opens the queue of a partition that a task now owns; the last one opened counts. */
  Queue open(TopicPartition partition) {
    Queue queue = new Queue(partition);
    queues.put(partition, queue);
    return queue;
  }

  /** Returns the first offset of a partition that is not emitted, if anything is pending. */
  OptionalLong first(TopicPartition partition) {
    Queue queue = queues.get(partition);
    return queue == null || queue.offsets.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(queue.offsets.getFirst());
  }

  /** The pending offsets of one partition, ascending. */
  final class Queue implements AutoCloseable {

    private final TopicPartition partition;
    private final Deque<Long> offsets = new ArrayDeque<>();

    private Queue(TopicPartition partition) {
      this.partition = partition;
    }

    /** Marks an offset that was read. */
    void add(long offset) {
      if (!offsets.isEmpty() && offsets.getLast() >= offset) {
        throw new IllegalStateException(
            partition + ": offset " + offset + " came after " + offsets.getLast());
      }
      offsets.addLast(offset);
    }

    /** Takes back an offset that was marked last and will come again. */
    void takeBack(long offset) {
      if (!offsets.isEmpty() && offsets.getLast() == offset) {
        offsets.removeLast();
      }
    }

    /** Clears the first offset, now that its result has been forwarded. */
    void emitted(long offset) {
      if (offsets.isEmpty() || offsets.getFirst() != offset) {
        throw new IllegalStateException(
            partition + ": offset " + offset + " was emitted, due is " + offsets.peekFirst());
      }
      offsets.removeFirst();
    }

    /** Forgets the partition, unless another task has opened it since. */
    @Override
    public void close() {
      queues.remove(partition, this);
    }
  }
}
