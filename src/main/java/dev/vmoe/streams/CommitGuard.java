package dev.vmoe.streams;

import dev.vmoe.batch.HandOver;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;

/**
 * Kafka clients whose transactions commit no offset beyond what has been emitted.
 *
 * <p>Streams commits the offset of every record whose {@code process} returned, but a micro-batch
 * keeps records back. Under exactly_once_v2 offsets are committed only through {@code
 * sendOffsetsToTransaction}: there each offset becomes the smaller of what Streams wants and the
 * first one that is pending. Whoever owns the partition next reads again what was not emitted.
 */
public final class CommitGuard implements KafkaClientSupplier {

  private final PendingOffsets pending = new PendingOffsets();
  private final HeldPartitions held = new HeldPartitions();
  private final HandOver handOver = new HandOver();
  private final ThreadLocal<WaitBudget> budgets;

  /**
   * Creates a guard.
   *
   * @param waitBudget how long one stream thread may wait for room between two commits
   */
  public CommitGuard(Duration waitBudget) {
    this.budgets = ThreadLocal.withInitial(() -> new WaitBudget(waitBudget));
  }

  /** Returns where processors mark what they keep back. */
  public PendingOffsets pending() {
    return pending;
  }

  /** Returns the partitions of which nothing is fetched. */
  public HeldPartitions held() {
    return held;
  }

  /** Returns how long answers take to be committed. */
  HandOver handOver() {
    return handOver;
  }

  /** Returns the waiting budget of the calling stream thread. */
  WaitBudget waitBudget() {
    return budgets.get();
  }

  /** Returns the offsets that may be committed now. */
  Map<TopicPartition, OffsetAndMetadata> guarded(Map<TopicPartition, OffsetAndMetadata> wanted) {
    Map<TopicPartition, OffsetAndMetadata> guarded = new HashMap<>(wanted);
    guarded.replaceAll(
        (partition, offset) -> {
          OptionalLong first = pending.first(partition);
          if (first.isEmpty()) {
            pending.passed(partition, offset.offset());
          }
          // The leader epoch belongs to the offset that was wanted, not to this one.
          return first.isPresent() && first.getAsLong() < offset.offset()
              ? new OffsetAndMetadata(first.getAsLong(), Optional.empty(), offset.metadata())
              : offset;
        });
    return guarded;
  }

  /** Notes that the calling stream thread has committed. */
  void committed() {
    waitBudget().refill();
    handOver.committed(System.nanoTime());
  }

  @Override
  public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
    return new GuardedProducer(
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()), this);
  }

  @Override
  public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
    return new GuardedConsumer(config, held);
  }

  @Override
  public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
    return getConsumer(config);
  }

  @Override
  public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
    return getConsumer(config);
  }

  @Override
  public Admin getAdmin(Map<String, Object> config) {
    return Admin.create(config);
  }
}
