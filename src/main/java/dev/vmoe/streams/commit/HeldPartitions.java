package dev.vmoe.streams.commit;

import dev.vmoe.streams.tracing.ImageTrace;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * The partitions of an instance that are held: their first record may not go on yet, and the others
 * wait behind it. Its schema is not known, it is being fetched from its address, there is no room,
 * the takeover of the partition is not committed, or another image is tried alone.
 *
 * <p>Their stream thread does not wait: it goes on with other partitions, and to its commit. A
 * consumer fetches nothing of a held partition, so that no more is held than Kafka Streams and the
 * consumer had at hand.
 */
public final class HeldPartitions {

  private static final BooleanSupplier NO_FETCH = () -> false;

  private final Map<TopicPartition, Records> queues = new ConcurrentHashMap<>();

  /** A record that was read, and may not go on yet. */
  public record Held(Record<byte[], byte[]> record, RecordMetadata position, ImageTrace trace) {}

  HeldPartitions() {}

  /** Returns the records that are held, but for those that wait for a fetch; for any thread. */
  public long images() {
    return images(fetch -> fetch == NO_FETCH);
  }

  /** Returns the records of partitions whose first image is still being fetched; as above. */
  public long fetching() {
    return images(BooleanSupplier::getAsBoolean);
  }

  private long images(Predicate<BooleanSupplier> which) {
    return queues.values().stream()
        .filter(records -> which.test(records.fetch))
        .mapToLong(records -> records.size)
        .sum();
  }

  /** Returns those of some partitions that are held. */
  public Set<TopicPartition> among(Set<TopicPartition> partitions) {
    if (queues.isEmpty()) {
      return Set.of();
    }
    Set<TopicPartition> held = new HashSet<>(partitions);
    held.retainAll(queues.keySet());
    return held;
  }

  /** Opens the queue of a partition that a task now owns. */
  public Records open(TopicPartition partition) {
    return new Records(partition);
  }

  /** What is held of one partition, in order; belongs to its stream thread. */
  public final class Records implements AutoCloseable {

    private final TopicPartition partition;
    private final Deque<Held> records = new ArrayDeque<>();
    private volatile int size;
    private volatile BooleanSupplier fetch = NO_FETCH;

    private Records(TopicPartition partition) {
      this.partition = partition;
    }

    /** Holds a record behind the others. */
    public void add(Held record) {
      records.addLast(record);
      size = records.size();
      queues.put(partition, this);
    }

    /** Returns the first record; null where none is held. */
    public @Nullable Held first() {
      return records.peekFirst();
    }

    /** Lets the first record go. */
    public void removeFirst() {
      records.removeFirst();
      size = records.size();
      fetch = NO_FETCH;
      if (records.isEmpty()) {
        queues.remove(partition, this);
      }
    }

    /**
     * Says that the first record waits for the fetch of its image.
     *
     * @param underWay tells whether it is still being fetched; asked on any thread
     */
    public void waitForFetch(BooleanSupplier underWay) {
      fetch = underWay;
    }

    /** Says that the first record is tried: it waits for no fetch now. */
    public void waitForNoFetch() {
      fetch = NO_FETCH;
    }

    /** Returns whether the first record waited for a fetch when it was tried last. */
    public boolean waitsForFetch() {
      return fetch != NO_FETCH;
    }

    /** Shows all records, in order. */
    public void forEach(Consumer<Held> action) {
      records.forEach(action);
    }

    /** Forgets all; they are read again. */
    @Override
    public void close() {
      records.clear();
      queues.remove(partition, this); // not that of a task that has opened it since
    }
  }
}
