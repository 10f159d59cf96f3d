package dev.vmoe.streams.topology;

import dev.vmoe.core.capacity.Load;
import dev.vmoe.streams.commit.PartitionQueue;
import dev.vmoe.streams.commit.PartitionQueues;
import dev.vmoe.streams.settings.DaemonThread;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads, on a thread of its own, what waits in the partitions of the instance and what arrives
 * there; {@link Backlog} says what the numbers mean.
 *
 * <p>The consumers' own lag is recorded when a poll returns. It stands still while the stream
 * thread waits for room, which is when it matters. While no broker answers, the last reading stays
 * and gets older.
 */
public final class LagMonitor implements AutoCloseable {

  private static final Duration WINDOW = Duration.ofSeconds(1);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

  private static final Logger log = LoggerFactory.getLogger(LagMonitor.class);

  private final Supplier<Admin> admins;
  private final String group;
  private final PartitionQueues queues;
  private final Duration interval;
  private final LoadObserver observer;
  private final Backlog backlog = new Backlog(WINDOW);
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable TimedLoad latest;
  private @Nullable Thread thread;

  /** Told of readings. */
  @FunctionalInterface
  public interface LoadObserver {
    /**
     * The load was read.
     *
     * @param load what waits and what arrives
     * @param oldestNanos how long the oldest waiting image has been seen there, in nanoseconds; 0
     *     where none waits
     */
    void read(Load load, long oldestNanos);
  }

  private record TimedLoad(long nanos, Load load) {}

  /**
   * Creates a monitor that has read nothing.
   *
   * @param admins connects to the brokers
   * @param group consumer group whose committed offsets are the beginning of what was not read yet
   * @param queues what the instance owns, and how far it is
   * @param interval pause between two readings
   * @param observer told of each reading, on the monitor's thread
   */
  public LagMonitor(
      Supplier<Admin> admins,
      String group,
      PartitionQueues queues,
      Duration interval,
      LoadObserver observer) {
    this.admins = admins;
    this.group = group;
    this.queues = queues;
    this.interval = interval;
    this.observer = observer;
  }

  /**
   * Returns the last reading, and how old it is.
   *
   * @param nowNanos a time of {@link System#nanoTime()}
   */
  public Load load(long nowNanos) {
    TimedLoad reading = latest;
    return reading == null
        ? Load.UNKNOWN
        : new Load(
            reading.load().backlogImages(),
            reading.load().arrivalsPerSecond(),
            Math.max(0, nowNanos - reading.nanos()));
  }

  /** Starts reading. */
  public synchronized void start() {
    thread = DaemonThread.start(this::readOnAndOn, "vmoe-lag");
  }

  private void readOnAndOn() {
    Admin admin = null;
    boolean failed = false;
    try {
      do {
        try {
          if (admin == null) {
            admin = admins.get(); // which fails where no broker's name is known, for one
          }
          read(admin);
          if (failed) {
            log.info("the backlog is known again");
          }
          failed = false;
        } catch (ExecutionException | RuntimeException e) {
          if (!failed && closed.getCount() > 0) {
            log.warn(
                "the backlog cannot be read, the last reading stays: {}",
                String.valueOf(e.getCause() == null ? e : e.getCause()));
          }
          failed = true;
        }
      } while (!closed.await(interval.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      log.debug("the lag monitor stops");
    } finally {
      if (admin != null) {
        admin.close(Duration.ZERO); // what was asked and not answered is of no use any more
      }
    }
  }

  private void read(Admin admin) throws ExecutionException, InterruptedException {
    Map<TopicPartition, PartitionQueue> owned = queues.owned();
    long nanos = System.nanoTime();
    long oldestNanos = 0;
    Map<TopicPartition, Backlog.PartitionReading> readings = new HashMap<>();
    if (!owned.isEmpty()) {
      findBeginnings(admin, owned);
      Map<TopicPartition, Long> ends =
          offsets(admin, owned, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED);
      for (Map.Entry<TopicPartition, PartitionQueue> entry : owned.entrySet()) {
        PartitionQueue queue = entry.getValue();
        OptionalLong watermark = queue.watermark();
        if (watermark.isEmpty()) {
          continue;
        }
        long emitted = watermark.getAsLong();
        long end = ends.getOrDefault(entry.getKey(), emitted);
        readings.put(entry.getKey(), reading(queue, end, emitted));
        queue.arrivals().read(nanos, end, emitted);
        if (end > emitted) {
          oldestNanos = Math.max(oldestNanos, nanos - queue.arrivals().seenNanos(emitted));
        }
      }
    }
    Load load = backlog.read(nanos, readings);
    latest = new TimedLoad(nanos, load);
    observer.read(load, oldestNanos);
  }

  /** Leaves out what is no load: less quality would not help it. */
  static Backlog.PartitionReading reading(PartitionQueue queue, long end, long emitted) {
    return new Backlog.PartitionReading(
        end,
        queue.waitsForSlowFetch() ? end : emitted,
        queue.isBlocked() ? 0 : queue.recordsPerOffset());
  }

  /** Where nothing has been read yet, reading begins at what the group has committed. */
  private void findBeginnings(Admin admin, Map<TopicPartition, PartitionQueue> owned)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, PartitionQueue> unread = new HashMap<>(owned);
    unread.values().removeIf(queue -> queue.watermark().isPresent());
    if (unread.isEmpty()) {
      return;
    }
    Map<TopicPartition, OffsetAndMetadata> committed =
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    Map<TopicPartition, Long> firsts =
        offsets(admin, unread, OffsetSpec.earliest(), IsolationLevel.READ_UNCOMMITTED);
    unread.forEach(
        (partition, queue) -> {
          OffsetAndMetadata offset = committed.get(partition);
          queue.beginsAt(offset == null ? firsts.getOrDefault(partition, 0L) : offset.offset());
        });
  }

  private static Map<TopicPartition, Long> offsets(
      Admin admin, Map<TopicPartition, ?> partitions, OffsetSpec spec, IsolationLevel isolation)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, ListOffsetsResultInfo> found =
        admin
            .listOffsets(
                partitions.keySet().stream()
                    .collect(Collectors.toMap(Function.identity(), p -> spec)),
                new ListOffsetsOptions(isolation))
            .all()
            .get();
    return found.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().offset()));
  }

  /** Stops reading; the last reading stays. */
  @Override
  public void close() {
    closed.countDown();
    Thread reading;
    synchronized (this) {
      reading = thread;
      thread = null;
    }
    if (reading == null) {
      return;
    }
    reading.interrupt(); // it may wait for an answer that does not come
    try {
      reading.join(CLOSE_LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
