package dev.vmoe.commit;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.internals.AsyncKafkaConsumer;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData.Assignment;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData.Subtopology;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceData.TaskId;
import org.apache.kafka.clients.consumer.internals.StreamsRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.internals.ConsumerWrapper;
import org.jspecify.annotations.Nullable;

/**
 * Does for the streams group protocol (KIP-1071) what the {@link CommitGuard}'s own consumer does
 * for the classic one. Kafka's consumer always leaves such a group when it is closed, whatever the
 * options of the close say.
 *
 * <p>Kafka Streams makes it: public, without arguments. Its classes are not a public interface of
 * Kafka: this works with the version in the pom.
 */
public final class GuardedMember extends ConsumerWrapper {

  /** Key of the guard among the consumer's settings. */
  static final String GUARD = "vmoe.commit.guard";

  private @Nullable CommitGuard guard;
  private Map<String, Subtopology> subtopologies = Map.of();

  @Override
  public void wrapConsumer(
      AsyncKafkaConsumer<byte[], byte[]> delegate,
      Map<String, Object> config,
      Optional<StreamsRebalanceData> rebalanceData) {
    super.wrapConsumer(delegate, config, rebalanceData);
    guard = (CommitGuard) config.get(GUARD);
    subtopologies = rebalanceData.map(StreamsRebalanceData::subtopologies).orElseThrow();
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

  /** Returns what these tasks read: each topic of images has a part of the topology of its own. */
  static Set<TopicPartition> partitions(Set<TaskId> tasks, Map<String, Subtopology> subtopologies) {
    Set<TopicPartition> partitions = new HashSet<>();
    for (TaskId task : tasks) {
      Objects.requireNonNull(subtopologies.get(task.subtopologyId())).sourceTopics().stream()
          .map(topic -> new TopicPartition(topic, task.partitionId()))
          .forEach(partitions::add);
    }
    return partitions;
  }

  /** Tells what is given back: Streams commits it for the last time in here. */
  private final class GivingBack implements StreamsRebalanceListener {

    private final StreamsRebalanceListener listener;

    GivingBack(StreamsRebalanceListener listener) {
      this.listener = listener;
    }

    @Override
    public void onTasksRevoked(Set<TaskId> tasks) {
      guard().givingBack(partitions(tasks, subtopologies), () -> listener.onTasksRevoked(tasks));
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
