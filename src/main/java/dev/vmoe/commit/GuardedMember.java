package dev.vmoe.commit;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.internals.AsyncKafkaConsumer;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData.Assignment;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData.TaskId;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.internals.ConsumerWrapper;
import org.jspecify.annotations.Nullable;

/**
 * Does for the streams group protocol (KIP-1071) what the {@link CommitGuard}'s own consumer does
 * for the classic one. It always leaves its group when it is closed.
 *
 * <p>Kafka Streams makes it: public, without arguments. Its classes are not a public interface of
 * Kafka: this works with the version in the pom.
 */
public final class GuardedMember extends ConsumerWrapper {

  /** Key of the guard among the consumer's settings. */
  static final String GUARD = "vmoe.commit.guard";

  private @Nullable CommitGuard guard;

  @Override
  public void wrapConsumer(
      AsyncKafkaConsumer<byte[], byte[]> delegate,
      Map<String, Object> config,
      Optional<StreamsRebalanceData> rebalanceData) {
    super.wrapConsumer(delegate, config, rebalanceData);
    guard = (CommitGuard) config.get(GUARD);
  }

  private CommitGuard guard() {
    return Objects.requireNonNull(guard);
  }

  @Override
  public void subscribe(Collection<String> topics, StreamsRebalanceListener listener) {
    super.subscribe(topics, new GivingBack(listener));
  }

  /** Streams asks before it opens the tasks of these partitions. */
  @Override
  public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
    return guard().suspects().read(super.committed(partitions));
  }

  @Override
  public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    return guard().poll(this, () -> super.poll(timeout));
  }

  /** Tells what is given back: Streams commits it for the last time in here. */
  private final class GivingBack implements StreamsRebalanceListener {

    private final StreamsRebalanceListener listener;

    GivingBack(StreamsRebalanceListener listener) {
      this.listener = listener;
    }

    @Override
    public void onTasksRevoked(Set<TaskId> tasks) {
      Set<Integer> numbers = tasks.stream().map(TaskId::partitionId).collect(Collectors.toSet());
      Set<TopicPartition> partitions =
          assignment().stream()
              .filter(partition -> numbers.contains(partition.partition()))
              .collect(Collectors.toSet());
      guard().givingBack(partitions, () -> listener.onTasksRevoked(tasks));
    }

    @Override
    public void onTasksAssigned(Assignment assignment) {
      listener.onTasksAssigned(assignment);
    }

    @Override
    public void onAllTasksLost() {
      listener.onAllTasksLost();
    }
  }
}
