package dev.vmoe.streams.commit;

import dev.vmoe.fetch.Fetch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The records of one partition that were read and whose answers are not emitted, in the order of
 * their offsets.
 *
 * <pre>
 *   head                                  firstHeld  tail
 *   ▼                                     ▼          ▼
 *   ANSWERED  ANSWERED  BATCHED  BATCHED  HELD HELD HELD  ◀── process
 *   └ being forwarded ┘
 *   └─────────── in flight ────────────┘  └─── held ───┘
 * </pre>
 *
 * <p>A record leaves at the head when its whole share was forwarded. The offset to commit is that
 * of the head, or behind the last record where the queue is empty.
 *
 * <p>A held record has not gone on: the first one may not yet, and the others wait behind it. Their
 * stream thread does not wait: it goes on with other partitions, and to its commit. A consumer
 * fetches nothing of a partition that {@linkplain #isWaiting() waits}, so that no more is held than
 * Kafka Streams and the consumer had at hand.
 *
 * <p>Belongs to the stream thread that opened it. Any thread may ask the methods that say so.
 */
public final class PartitionQueue implements AutoCloseable {

  private static final long UNKNOWN = -1;

  /** Offsets over which the share that holds a record is measured. */
  private static final long MEASURED_OFFSETS = 8192;

  private final PartitionQueues queues;
  private final TopicPartition partition;
  private final Arrivals arrivals = new Arrivals(System.nanoTime());
  private final Deque<QueuedRecord> records = new ArrayDeque<>();
  private @Nullable QueuedRecord firstHeld;

  private int images;
  private long bytes;

  private final AtomicInteger held = new AtomicInteger();

  /** What the first held record waits for; null while the partition holds none. */
  private volatile Admission.@Nullable Wait waitsFor;

  /** The fetch that the first held record waits for, if it does. */
  private volatile @Nullable Fetch awaited;

  /** The emitted watermark: first offset whose result is not emitted; -1 until it is known. */
  private final AtomicLong watermark = new AtomicLong(UNKNOWN);

  private volatile double recordsPerOffset = 1;
  private long lastRead = UNKNOWN;
  private long recordsRead;
  private long offsetsRead;

  PartitionQueue(PartitionQueues queues, TopicPartition partition) {
    this.queues = queues;
    this.partition = partition;
  }

  // ---- the way of a record ----

  /** Adds a record that was read, behind the others. */
  public void add(QueuedRecord record) {
    QueuedRecord last = records.peekLast();
    if (last != null && last.offset() >= record.offset()) {
      throw new IllegalStateException(
          partition + ": offset " + record.offset() + " came after " + last.offset());
    }
    if (last == null) {
      watermark.set(record.offset());
    } else {
      last.next = record;
    }
    if (firstHeld == null) {
      firstHeld = record;
    }
    measure(record.offset());
    records.addLast(record);
    held.incrementAndGet();
  }

  /** Follows how many of the offsets hold a record, the latest ones above all. */
  private void measure(long offset) {
    if (lastRead != UNKNOWN && offset > lastRead) {
      recordsRead++;
      offsetsRead += offset - lastRead;
      while (offsetsRead > MEASURED_OFFSETS) {
        recordsRead = (recordsRead + 1) / 2;
        offsetsRead /= 2;
      }
      recordsPerOffset = (double) recordsRead / offsetsRead;
    }
    lastRead = offset;
  }

  /** Takes back the record that was added last: it will come again. */
  public void takeBack(QueuedRecord record) {
    if (records.peekLast() != record) {
      return;
    }
    records.removeLast();
    QueuedRecord last = records.peekLast();
    if (last != null) {
      last.next = null;
    }
    if (record.isHeld()) {
      held.decrementAndGet();
      if (firstHeld == record) {
        firstHeld = null;
        awaited = null;
        waitsFor = null;
      }
    } else {
      count(record, -1);
    }
  }

  /** Returns the record whose turn it is to go on, if there is one. */
  public @Nullable QueuedRecord firstHeld() {
    return firstHeld;
  }

  /** Counts the first held record as in flight, before it is decided whether it goes on. */
  void claim(QueuedRecord first) {
    requireTurn(first, firstHeld);
    count(first, 1);
  }

  /** Takes back that a record counts: it has to wait. */
  void unclaim(QueuedRecord first) {
    requireTurn(first, firstHeld);
    count(first, -1);
  }

  /** Holds the first held record, and with it all others. */
  void hold(Admission.Wait reason) {
    QueuedRecord first = firstHeld;
    awaited = first != null && reason == Admission.Wait.FETCH ? first.fetch() : null;
    waitsFor = reason;
  }

  /** Hands the first held record, which counts already, over to the micro-batcher. */
  void batch(QueuedRecord first) {
    requireTurn(first, firstHeld);
    first.become(QueuedRecord.State.BATCHED);
    firstHeld = first.next;
    held.decrementAndGet();
    awaited = null;
    waitsFor = firstHeld == null ? null : Admission.Wait.ROOM;
  }

  /** Notes that a record came back from the micro-batcher, and that its share is forwarded now. */
  public void answered(QueuedRecord record) {
    if (record.state() != QueuedRecord.State.BATCHED) {
      throw new IllegalStateException(
          "%s: offset %d was answered while %s"
              .formatted(partition, record.offset(), record.state()));
    }
    record.become(QueuedRecord.State.ANSWERED);
  }

  /** Lets the first record go, now that its answer has been forwarded. */
  void emitted(QueuedRecord record) {
    requireTurn(record, records.peekFirst());
    if (record.state() != QueuedRecord.State.ANSWERED) {
      throw new IllegalStateException(
          "%s: offset %d was emitted while %s"
              .formatted(partition, record.offset(), record.state()));
    }
    records.removeFirst();
    record.next = null; // or whoever keeps the record would keep all behind it
    count(record, -1);
    QueuedRecord first = records.peekFirst();
    watermark.set(first == null ? record.offset() + 1 : first.offset());
  }

  private void requireTurn(QueuedRecord record, @Nullable QueuedRecord due) {
    if (record != due) {
      throw new IllegalStateException(
          "%s: it was the turn of offset %d, due is %s"
              .formatted(partition, record.offset(), due == null ? "none" : due.offset()));
    }
  }

  private void count(QueuedRecord record, int by) {
    images += by;
    bytes += by * record.bytes();
    queues.count(by, by * record.bytes());
  }

  /** Forgets all, which are read again, and the partition, unless another task has opened it. */
  @Override
  public void close() {
    queues.remove(partition, this);
    queues.count(-images, -bytes);
    images = 0;
    bytes = 0;
    records.clear();
    firstHeld = null;
    held.set(0);
    waitsFor = null;
    awaited = null;
  }

  // ---- what is asked of it ----

  /** Returns the first offset that is not emitted, if anything was read that is not. */
  public OptionalLong firstNotEmitted() {
    QueuedRecord first = records.peekFirst();
    return first == null ? OptionalLong.empty() : OptionalLong.of(first.offset());
  }

  /** Returns the records of the partition that are in flight: in the micro-batcher, or answered. */
  public int inFlightImages() {
    return images;
  }

  /** Returns whether the first held record has to wait: no more are to be read; any thread. */
  public boolean isWaiting() {
    return waitsFor != null;
  }

  /** Returns the records that are held, but for those that wait for a fetch; for any thread. */
  long heldImages() {
    return isWaiting() && awaited == null ? held.get() : 0;
  }

  /** Returns the records that are held while the first is still being fetched; for any thread. */
  long fetchingImages() {
    Fetch fetch = awaited;
    return fetch != null && !fetch.isOver() ? held.get() : 0;
  }

  /** Returns whether the first held record waits for the fetch of its image. */
  boolean waitsForFetch() {
    return awaited != null;
  }

  /** Returns whether that fetch is slow: what arrives is load, not the wait; for any thread. */
  public boolean waitsForSlowFetch() {
    Fetch fetch = awaited;
    return fetch != null && fetch.isSlow();
  }

  /**
   * Returns whether the partition waits for something that less quality would not help; a fetch
   * tells of itself. For any thread.
   */
  public boolean isBlocked() {
    Admission.Wait reason = waitsFor;
    return reason == Admission.Wait.COMMIT || reason == Admission.Wait.SCHEMA;
  }

  /** Returns when the partition's records were first seen; for any thread. */
  public Arrivals arrivals() {
    return arrivals;
  }

  /**
   * Returns the share of offsets that held a record in what was read lately, 0 to 1; any thread.
   */
  public double recordsPerOffset() {
    return recordsPerOffset;
  }

  /** Returns the first offset whose result is not emitted, if it is known yet; for any thread. */
  public OptionalLong watermark() {
    long known = watermark.get();
    return known == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(known);
  }

  /** Tells where reading begins, as long as nothing was read; for any thread. */
  public void beginsAt(long offset) {
    watermark.compareAndSet(UNKNOWN, offset);
  }

  /**
   * Notes that all before this offset is done with, where the queue is empty: what Streams wants to
   * commit is past the offsets at which there is no record.
   */
  public void passed(long offset) {
    if (records.isEmpty()) {
      watermark.accumulateAndGet(offset, Math::max);
    }
  }
}
