package dev.vmoe.streams.commit;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
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

  private final PartitionQueues queues = new PartitionQueues();
  private final CommitDelay delay = new CommitDelay();
  private final Suspects suspects;
  private final Supplier<OffsetNote.SchemaIds> schemas;
  private final AbandonedTransactions abandoned;

  /**
   * The state of each stream thread. This is the one place that looks it up by thread: Kafka
   * Streams makes a thread's clients before the thread runs, and asks for processors without saying
   * for which one. All that they share is that they are called on it.
   */
  private final ThreadLocal<StreamThreadState> threads;

  /**
   * Creates a guard.
   *
   * @param waitBudget how long one stream thread may wait for room between two commits
   * @param suspects counts the processes that ended over the same images
   * @param schemas what is known of the application's schemas when an offset is committed
   * @param abandoned ends what owners that are gone have left open
   */
  public CommitGuard(
      Duration waitBudget,
      Suspects suspects,
      Supplier<OffsetNote.SchemaIds> schemas,
      AbandonedTransactions abandoned) {
    this.suspects = suspects;
    this.schemas = schemas;
    this.abandoned = abandoned;
    this.threads = ThreadLocal.withInitial(() -> new StreamThreadState(waitBudget));
  }

  /** Returns the queues of the partitions that the instance owns. */
  public PartitionQueues queues() {
    return queues;
  }

  /** Returns what is known of images over which processes ended. */
  public Suspects suspects() {
    return suspects;
  }

  /** Returns what ends the transactions of owners that are gone. */
  AbandonedTransactions abandoned() {
    return abandoned;
  }

  /** Returns how long answers take to be committed. */
  public CommitDelay delay() {
    return delay;
  }

  /** Returns the state of the calling stream thread. */
  public StreamThreadState thread() {
    return threads.get();
  }

  /**
   * Returns the offsets that may be committed now. What Streams wants stays where a partition has
   * no queue: its processor was closed, and Streams {@linkplain KafkaInternals commits before
   * that}.
   *
   * @param by who commits them
   */
  public Map<TopicPartition, OffsetAndMetadata> guarded(
      Map<TopicPartition, OffsetAndMetadata> wanted, OffsetNote.Committer by) {
    Map<TopicPartition, OffsetAndMetadata> guarded = new HashMap<>(wanted);
    OffsetNote.SchemaIds ids = schemas.get();
    StreamThreadState thread = thread();
    guarded.replaceAll(
        (partition, offset) -> {
          PartitionQueue queue = queues.of(partition);
          OptionalLong first = queue == null ? OptionalLong.empty() : queue.firstNotEmitted();
          if (queue != null) {
            queue.passed(offset.offset());
          }
          boolean before = first.isPresent() && first.getAsLong() < offset.offset();
          long next = before ? first.getAsLong() : offset.offset();
          boolean leaving = thread.isGivingBack(partition);
          OffsetNote.Owner owner = suspects.owner(partition, next, first.isPresent(), leaving);
          // The leader epoch belongs to the offset that was wanted, not to another one.
          return new OffsetAndMetadata(
              next,
              before ? Optional.empty() : offset.leaderEpoch(),
              new OffsetNote(owner, by, ids).behind(offset.metadata()));
        });
    return guarded;
  }

  /**
   * Notes that the calling stream thread has committed.
   *
   * @param guarded the offsets, as they were guarded
   * @param took how long the brokers took for it
   */
  public void committed(Map<TopicPartition, OffsetAndMetadata> guarded, Duration took) {
    guarded.forEach(suspects::committed);
    thread().committed(System.nanoTime(), took).ifPresent(delay::observe);
  }

  @Override
  public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
    return new GuardedProducer(
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()),
        String.valueOf(config.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG)),
        this);
  }

  @Override
  public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
    return new GuardedConsumer(config, this);
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
