package dev.vmoe.streams.commit;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The queues of the partitions that an instance owns, and what they have in flight together. Of two
 * queues of a partition the one that was opened last counts.
 */
public final class PartitionQueues {

  private final Map<TopicPartition, PartitionQueue> queues = new ConcurrentHashMap<>();
  private final AtomicLong images = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  /** Opens the queue of a partition that a task now owns. */
  public PartitionQueue open(TopicPartition partition) {
    PartitionQueue queue = new PartitionQueue(this, partition);
    queues.put(partition, queue);
    return queue;
  }

  void remove(TopicPartition partition, PartitionQueue queue) {
    queues.remove(partition, queue); // not that of a task that has opened it since
  }

  void count(int moreImages, long moreBytes) {
    images.addAndGet(moreImages);
    bytes.addAndGet(moreBytes);
  }

  /** Returns the queue of a partition; null where the instance does not own it. */
  @Nullable PartitionQueue of(TopicPartition partition) {
    return queues.get(partition);
  }

  /** Returns the queues of the partitions that the instance owns now. */
  public Map<TopicPartition, PartitionQueue> owned() {
    return Map.copyOf(queues);
  }

  /** Returns those of some partitions whose first held record has to wait. */
  public Set<TopicPartition> waiting(Set<TopicPartition> partitions) {
    return partitions.stream()
        .filter(
            partition -> {
              PartitionQueue queue = of(partition);
              return queue != null && queue.isWaiting();
            })
        .collect(Collectors.toSet());
  }

  /** Returns the images in flight: in the micro-batcher, or answered and not emitted. */
  public long inFlightImages() {
    return images.get();
  }

  /** Returns the bytes of their records. */
  public long inFlightBytes() {
    return bytes.get();
  }

  /** Returns the records that are held, but for those that wait for a fetch. */
  public long held() {
    return queues.values().stream().mapToLong(PartitionQueue::heldImages).sum();
  }

  /** Returns the records of partitions whose first image is still being fetched. */
  public long fetching() {
    return queues.values().stream().mapToLong(PartitionQueue::fetchingImages).sum();
  }
}
