package dev.vmoe.streams.commit;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.TopicPartition;

/**
 * The offsets of an instance that were read and whose results are not emitted yet, by partition.
 *
 * <p>Processors write here, the {@link CommitGuard} reads before each commit; for one partition
 * both do so on the same stream thread. Any thread may ask how far a partition is.
 */
public final class PendingOffsets {

  private static final long UNKNOWN = -1;

  /** Offsets over which the share that holds a record is measured. */
  private static final long MEASURED_OFFSETS = 8192;

  private final Map<TopicPartition, Queue> queues = new ConcurrentHashMap<>();

  /** Opens the queue of a partition that a task now owns; the last one opened counts. */
  public Queue open(TopicPartition partition) {
    Queue queue = new Queue(partition, new Arrivals(System.nanoTime()));
    queues.put(partition, queue);
    return queue;
  }

  /** Returns the first offset of a partition that is not emitted, if anything is pending. */
  public OptionalLong first(TopicPartition partition) {
    Queue queue = queues.get(partition);
    return queue == null || queue.offsets.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(queue.offsets.getFirst());
  }

  /**
   * Notes that all before this offset is done with, where nothing of the partition is pending: what
   * Streams wants to commit is past the offsets at which there is no record.
   */
  public void passed(TopicPartition partition, long offset) {
    Queue queue = queues.get(partition);
    if (queue != null && queue.offsets.isEmpty()) {
      queue.watermark.accumulateAndGet(offset, Math::max);
    }
  }

  /** Returns the partitions that the instance owns now. */
  public Map<TopicPartition, Queue> owned() {
    return Map.copyOf(queues);
  }

  /** The pending offsets of one partition, ascending. */
  public final class Queue implements AutoCloseable {

    private final TopicPartition partition;
    private final Deque<Long> offsets = new ArrayDeque<>();

    /** The emitted watermark: first offset whose result is not emitted; -1 until it is known. */
    private final AtomicLong watermark = new AtomicLong(UNKNOWN);

    private volatile double recordsPerOffset = 1;
    private volatile boolean stands;
    private volatile BooleanSupplier fetches = () -> false;
    private long lastRead = UNKNOWN;
    private long recordsRead;
    private long offsetsRead;

    private final Arrivals arrivals;

    private Queue(TopicPartition partition, Arrivals arrivals) {
      this.partition = partition;
      this.arrivals = arrivals;
    }

    /** Returns when the partition's records were first seen; for any thread. */
    public Arrivals arrivals() {
      return arrivals;
    }

    /** Marks an offset that was read. */
    public void add(long offset) {
      if (!offsets.isEmpty() && offsets.getLast() >= offset) {
        throw new IllegalStateException(
            partition + ": offset " + offset + " came after " + offsets.getLast());
      }
      if (offsets.isEmpty()) {
        watermark.set(offset);
      }
      measure(offset);
      offsets.addLast(offset);
    }

    /** Follows how many of the offsets hold a record, the latest ones above all. */
    private void measure(long offset) {
      if (lastRead != UNKNOWN && offset > lastRead) {
        recordsRead++;
        offsetsRead += offset - lastRead;
        while (offsetsRead > MEASURED_OFFSETS) {
          recordsRead = (recordsRead + 1) / 2;
          offsetsRead /= 2;
        }
        recordsPerOffset = (double) recordsRead / offsetsRead;
      }
      lastRead = offset;
    }

    /** Says whether the partition waits for something that less quality would not help. */
    public void stands(boolean stands) {
      this.stands = stands;
    }

    /** Returns whether the partition waits for something that less quality would not help. */
    public boolean stands() {
      return stands;
    }

    /** Says how to tell whether the partition waits for a slow fetch; asked on any thread. */
    public void fetches(BooleanSupplier slowly) {
      fetches = slowly;
    }

    /** Returns whether the partition waits for a slow fetch: what arrives is load, not the wait. */
    public boolean fetches() {
      return fetches.getAsBoolean();
    }

    /** Tells where reading begins, as long as nothing was read. */
    public void beginsAt(long offset) {
      watermark.compareAndSet(UNKNOWN, offset);
    }

    /** Returns the first offset whose result is not emitted, if it is known yet. */
    public OptionalLong watermark() {
      long known = watermark.get();
      return known == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(known);
    }

    /** Returns the share of offsets that held a record in what was read lately, 0 to 1. */
    public double recordsPerOffset() {
      return recordsPerOffset;
    }

    /** Takes back an offset that was marked last and will come again. */
    public void takeBack(long offset) {
      if (!offsets.isEmpty() && offsets.getLast() == offset) {
        offsets.removeLast();
      }
    }

    /** Clears the first offset, now that its result has been forwarded. */
    public void emitted(long offset) {
      if (offsets.isEmpty() || offsets.getFirst() != offset) {
        throw new IllegalStateException(
            partition + ": offset " + offset + " was emitted, due is " + offsets.peekFirst());
      }
      offsets.removeFirst();
      watermark.set(offsets.isEmpty() ? offset + 1 : offsets.getFirst());
    }

    /** Forgets the partition, unless another task has opened it since. */
    @Override
    public void close() {
      queues.remove(partition, this);
    }
  }
}
