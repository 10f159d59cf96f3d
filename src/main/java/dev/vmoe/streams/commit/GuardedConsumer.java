package dev.vmoe.streams.commit;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A consumer of the classic group protocol that fetches nothing of partitions that {@linkplain
 * PartitionQueue#isWaiting() wait}, and leaves its group when it is closed.
 *
 * <p>Streams has its consumers stay, so that an instance with local state finds its partitions
 * again after a restart. There is no state here, and a thread that crashed would keep its
 * partitions from everybody until its session times out.
 */
final class GuardedConsumer extends KafkaConsumer<byte[], byte[]> {

  /** Maximum time to wait for a committed offset, and the pause before it is asked for again. */
  private static final Duration OFFSET_WAIT = Duration.ofMillis(500);

  private static final Duration OFFSET_PAUSE = Duration.ofSeconds(1);

  private final CommitGuard guard;

  /** Partitions whose offset nobody may read yet, and from when on to ask again. */
  private final Map<Set<TopicPartition>, Long> unreadable = new HashMap<>();

  GuardedConsumer(Map<String, Object> config, CommitGuard guard) {
    super(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    this.guard = guard;
  }

  @Override
  public void subscribe(Collection<String> topics, ConsumerRebalanceListener listener) {
    super.subscribe(topics, new Leaving(guard, listener));
  }

  /**
   * Streams asks before it opens the tasks of these partitions; after a time-out, in each of its
   * loops again. An instance that is killed while it commits leaves offsets that nobody may read
   * until its transaction ends. The thread must not wait for that: it has other partitions.
   */
  @Override
  public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
    Long again = unreadable.get(partitions);
    if (again != null && System.nanoTime() - again < 0) {
      throw new TimeoutException("nobody may read the committed offset of " + partitions);
    }
    try {
      Map<TopicPartition, OffsetAndMetadata> committed = super.committed(partitions, OFFSET_WAIT);
      unreadable.remove(partitions);
      return guard.suspects().read(committed);
    } catch (TimeoutException e) {
      unreadable.put(Set.copyOf(partitions), System.nanoTime() + OFFSET_PAUSE.toNanos());
      throw e;
    } finally {
      guard.abandoned().look();
    }
  }

  /**
   * Polls without the partitions that wait. They are paused in here only: outside, Streams pauses
   * and resumes partitions by how much it has buffered.
   */
  @Override
  public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    Set<TopicPartition> waiting = new HashSet<>(guard.queues().waiting(assignment()));
    waiting.removeAll(paused());
    if (waiting.isEmpty()) {
      return super.poll(timeout);
    }
    pause(waiting);
    try {
      return super.poll(timeout);
    } finally {
      // Where a task was closed meanwhile, Streams pauses its partition until the next is ready.
      waiting.retainAll(guard.queues().waiting(assignment()));
      resume(waiting);
    }
  }

  @Override
  public void close(CloseOptions options) {
    super.close(options.withGroupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
  }

  /** Tells what is given back: Streams commits it for the last time in here. */
  record Leaving(CommitGuard guard, ConsumerRebalanceListener listener)
      implements ConsumerRebalanceListener {

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      guard.thread().giveBack(partitions, () -> listener.onPartitionsRevoked(partitions));
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      listener.onPartitionsAssigned(partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      listener.onPartitionsLost(partitions);
    }
  }
}
