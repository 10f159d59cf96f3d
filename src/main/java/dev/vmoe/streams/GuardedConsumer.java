package dev.vmoe.streams;

import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A consumer that fetches nothing of {@linkplain HeldPartitions held} partitions, and leaves its
 * group when it is closed.
 *
 * <p>Streams has its consumers stay, so that an instance with local state finds its partitions
 * again after a restart. There is no state here, and a thread that crashed would keep its
 * partitions from everybody until its session times out.
 */
final class GuardedConsumer extends KafkaConsumer<byte[], byte[]> {

  private final HeldPartitions held;

  GuardedConsumer(Map<String, Object> config, HeldPartitions held) {
    super(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    this.held = held;
  }

  /**
   * Polls without the held partitions. They are paused in here only: outside, Streams pauses and
   * resumes partitions by how much it has buffered.
   */
  @Override
  public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    Set<TopicPartition> holding = new HashSet<>(held.among(assignment()));
    holding.removeAll(paused());
    if (holding.isEmpty()) {
      return super.poll(timeout);
    }
    pause(holding);
    try {
      return super.poll(timeout);
    } finally {
      // Where the task was closed meanwhile, Streams pauses the partition until the next is ready.
      holding.retainAll(held.among(assignment()));
      resume(holding);
    }
  }

  @Override
  public void close(CloseOptions options) {
    super.close(options.withGroupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
  }
}
