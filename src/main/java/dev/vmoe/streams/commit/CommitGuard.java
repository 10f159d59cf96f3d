package dev.vmoe.streams.commit;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
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

  /** Maximum time to wait for a committed offset, and the pause before it is asked for again. */
  private static final Duration OFFSET_WAIT = Duration.ofMillis(500);

  private static final Duration OFFSET_PAUSE = Duration.ofSeconds(1);

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

  /** Returns how long answers take to be committed. */
  public CommitDelay delay() {
    return delay;
  }

  /** Returns the state of the calling stream thread. */
  public StreamThreadState thread() {
    return threads.get();
  }

  /**
   * Returns the offsets that may be committed now.
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
          OptionalLong first = queue == null ? OptionalLong.empty() : queue.first();
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
    return new GuardedConsumer(config);
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

  /**
   * A consumer of the classic group protocol that fetches nothing of partitions that {@linkplain
   * PartitionQueue#isHolding() hold} records, and leaves its group when it is closed.
   *
   * <p>Streams has its consumers stay, so that an instance with local state finds its partitions
   * again after a restart. There is no state here, and a thread that crashed would keep its
   * partitions from everybody until its session times out.
   */
  private final class GuardedConsumer extends KafkaConsumer<byte[], byte[]> {

    /** Partitions whose offset nobody may read yet, and from when on to ask again. */
    private final Map<Set<TopicPartition>, Long> unreadable = new HashMap<>();

    GuardedConsumer(Map<String, Object> config) {
      super(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public void subscribe(Collection<String> topics, ConsumerRebalanceListener listener) {
      super.subscribe(topics, new Leaving(listener));
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
        return suspects.read(committed);
      } catch (TimeoutException e) {
        unreadable.put(Set.copyOf(partitions), System.nanoTime() + OFFSET_PAUSE.toNanos());
        throw e;
      } finally {
        abandoned.look();
      }
    }

    /**
     * Polls without the partitions that hold records. They are paused in here only: outside,
     * Streams pauses and resumes partitions by how much it has buffered.
     */
    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
      Set<TopicPartition> holding = new HashSet<>(queues.holding(assignment()));
      holding.removeAll(paused());
      if (holding.isEmpty()) {
        return super.poll(timeout);
      }
      pause(holding);
      try {
        return super.poll(timeout);
      } finally {
        // Where a task was closed meanwhile, Streams pauses its partition until the next is ready.
        holding.retainAll(queues.holding(assignment()));
        resume(holding);
      }
    }

    @Override
    public void close(CloseOptions options) {
      super.close(options.withGroupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
    }
  }

  /** Tells what is given back: Streams commits it for the last time in here. */
  final class Leaving implements ConsumerRebalanceListener {

    private final ConsumerRebalanceListener listener;

    Leaving(ConsumerRebalanceListener listener) {
      this.listener = listener;
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      thread().giveBack(partitions, () -> listener.onPartitionsRevoked(partitions));
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
