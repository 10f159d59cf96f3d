package dev.vmoe.streams.commit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * When the records of one partition came, as far as an instance has seen it: a curve through the
 * readings of the partition's end.
 *
 * <pre>
 * offset
 *   │            ●  end at the last reading; what is behind it came later
 *   │      ●────╯   between two readings records are taken to have come evenly
 *   │  ●──╯
 *   │  │            what was there already counts from when the partition was taken
 *   └──┴──────────▶ time
 * </pre>
 *
 * <p>Not from the records' timestamps: in a replay they are old, and nobody has waited since then.
 * One thread reads, any may ask.
 */
public final class Arrivals {

  /** Readings that are kept; a backlog that spans more of them is followed more coarsely. */
  static final int MAX_READINGS = 512;

  private static final long LONG_AGO_NANOS = Duration.ofDays(3650).toNanos();

  private record End(long nanos, long offset) {}

  private final long takenNanos;

  /** What was there at the first reading came no one knows when. */
  private long firstOffset = Long.MIN_VALUE;

  /** Ascending; the first may lie before the oldest record that waits. */
  private final List<End> ends = new ArrayList<>();

  /**
   * Creates arrivals that nothing was read of.
   *
   * @param takenNanos when the instance took the partition, in nanoseconds
   */
  public Arrivals(long takenNanos) {
    this.takenNanos = takenNanos;
  }

  /**
   * Takes a reading.
   *
   * @param nowNanos time of the reading, in nanoseconds
   * @param end offset behind the last record
   * @param emitted first offset that still matters; what came before it is forgotten
   */
  public synchronized void read(long nowNanos, long end, long emitted) {
    if (!ends.isEmpty() && ends.get(ends.size() - 1).offset() > end) {
      ends.clear(); // the topic was made anew
      firstOffset = Long.MIN_VALUE;
    }
    if (firstOffset == Long.MIN_VALUE) {
      firstOffset = end;
    }
    ends.add(new End(nowNanos, end));
    int before = 0;
    while (before + 1 < ends.size() && ends.get(before + 1).offset() <= emitted) {
      before++;
    }
    ends.subList(0, before).clear();
    if (ends.size() > MAX_READINGS) {
      thin();
    }
  }

  /** Drops every other reading between the first and the last. */
  private void thin() {
    int kept = 1;
    for (int i = 2; i < ends.size() - 1; i += 2) {
      ends.set(kept++, ends.get(i));
    }
    ends.subList(kept, ends.size() - 1).clear();
  }

  /** Returns how many readings are kept. */
  synchronized int readings() {
    return ends.size();
  }

  /**
   * Returns between which times the record of this offset came: one time where it came between two
   * readings, and a long span where it was there before the first.
   *
   * @param nowNanos at the latest now, in nanoseconds
   */
  public synchronized Deadlines.ArrivalBounds arrival(long offset, long nowNanos) {
    if (ends.isEmpty() || offset < firstOffset) {
      return new Deadlines.ArrivalBounds(nowNanos - LONG_AGO_NANOS, nowNanos);
    }
    End last = ends.get(ends.size() - 1);
    if (offset >= last.offset()) {
      return new Deadlines.ArrivalBounds(last.nanos(), nowNanos);
    }
    long seenNanos = seenNanos(offset);
    return new Deadlines.ArrivalBounds(seenNanos, seenNanos);
  }

  /** Returns when the record of this offset was first there, in nanoseconds. */
  public synchronized long seenNanos(long offset) {
    long fromNanos = takenNanos;
    long fromOffset = offset;
    for (End end : ends) {
      if (offset < end.offset()) {
        double share = (double) (offset - fromOffset) / (end.offset() - fromOffset);
        return fromNanos + Math.round(share * (end.nanos() - fromNanos));
      }
      fromNanos = end.nanos();
      fromOffset = end.offset();
    }
    return fromNanos;
  }
}
