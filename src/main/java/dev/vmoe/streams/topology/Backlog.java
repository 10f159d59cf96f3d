package dev.vmoe.streams.topology;

import dev.vmoe.core.capacity.Load;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * What waits and what arrives, from successive readings of where the partitions end that an
 * instance owns.
 *
 * <p>Offsets are no count of images. The end of every transaction takes one, and so do records of
 * transactions that were aborted. So each distance is scaled by the share of offsets that held an
 * image in what was read of the partition lately: with one image a transaction, by a half. Offsets
 * that were not read yet may hold anything: a few images may seem to wait where none does, so a
 * controller must not wait for a backlog of 0.
 *
 * <p>Arrivals are the growth of each partition's end since it was first seen or a window ago,
 * whichever is later: a partition that has just been assigned brings its backlog, but no arrivals.
 */
final class Backlog {

  /**
   * A partition as it was read.
   *
   * @param end offset behind the last committed record
   * @param emitted first offset whose result is not emitted
   * @param imagesPerOffset share of offsets that held an image, 0 to 1
   */
  record PartitionReading(long end, long emitted, double imagesPerOffset) {}

  private record PastEnd(long nanos, long offset) {}

  private final long windowNanos;
  private final Map<TopicPartition, Deque<PastEnd>> ends = new HashMap<>();

  /**
   * Creates a backlog that nothing is known of.
   *
   * @param window how far back arrivals are counted
   */
  Backlog(Duration window) {
    this.windowNanos = window.toNanos();
  }

  /**
   * Takes a reading of all partitions owned.
   *
   * @param nowNanos monotonic time, in nanoseconds
   * @return the load as of this reading, of age 0
   */
  Load read(long nowNanos, Map<TopicPartition, PartitionReading> partitions) {
    ends.keySet().retainAll(partitions.keySet());
    double waiting = 0;
    double perSecond = 0;
    for (Map.Entry<TopicPartition, PartitionReading> entry : partitions.entrySet()) {
      PartitionReading reading = entry.getValue();
      waiting += Math.max(0, reading.end() - reading.emitted()) * reading.imagesPerOffset();
      perSecond +=
          growth(ends.computeIfAbsent(entry.getKey(), p -> new ArrayDeque<>()), nowNanos, reading)
              * reading.imagesPerOffset();
    }
    return new Load(Math.round(waiting), perSecond, 0);
  }

  /** Adds an end to those seen; returns by how many offsets a second it grew in the window. */
  private double growth(Deque<PastEnd> seen, long nowNanos, PartitionReading reading) {
    if (!seen.isEmpty() && seen.getLast().offset() > reading.end()) {
      seen.clear(); // the topic was made anew
    }
    seen.addLast(new PastEnd(nowNanos, reading.end()));
    // Keeps the latest end that is a window old, so that the span is never shorter for long.
    while (seen.size() > 2 && secondIsOldEnough(seen, nowNanos)) {
      seen.removeFirst();
    }
    long spanNanos = nowNanos - seen.getFirst().nanos();
    return spanNanos <= 0 ? 0 : (reading.end() - seen.getFirst().offset()) * 1e9 / spanNanos;
  }

  private boolean secondIsOldEnough(Deque<PastEnd> seen, long nowNanos) {
    return nowNanos - seen.stream().skip(1).findFirst().orElseThrow().nanos() >= windowNanos;
  }
}
