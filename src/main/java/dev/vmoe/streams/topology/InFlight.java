package dev.vmoe.streams.topology;

import dev.vmoe.streams.commit.HeldPartitions;
import dev.vmoe.streams.commit.StreamThreadState;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;

/**
 * How much may be in flight, read and not answered, and how much is: images of each partition, and
 * bytes of the records of all partitions of the instance.
 *
 * <p>The rule for a partition that takes a record:
 *
 * <ol>
 *   <li>Below both limits it goes on at once.
 *   <li>Over one of them it waits for its own oldest share while the wait budget of its {@link
 *       StreamThreadState} lasts. Once that is spent it goes on, so that the thread comes to its
 *       commit.
 *   <li>At twice a limit records do not go on; they are {@linkplain HeldPartitions held} until the
 *       partition is below its limits again. The thread does not wait for that.
 *   <li>With nothing of its own in flight it never waits: what others have in flight may only leave
 *       when this thread goes on. So bytes may pass the limit by one record a partition.
 *   <li>Once the instance stops, nothing waits.
 * </ol>
 */
public final class InFlight {

  /** Where records no longer go on when the budget is spent, in limits. */
  private static final int HARD = 2;

  private final IntSupplier maxImages;
  private final long maxBytes;
  private final AtomicLong images = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private volatile boolean stopped;

  /**
   * Creates the bounds of an instance.
   *
   * @param maxImages images of one partition before reading waits; asked each time
   * @param maxBytes bytes of all partitions' records before reading waits
   */
  public InFlight(IntSupplier maxImages, long maxBytes) {
    this.maxImages = maxImages;
    this.maxBytes = maxBytes;
  }

  /** Opens the account of a partition. */
  Partition open() {
    return new Partition();
  }

  /** Returns how many images one partition can have in flight. */
  int reach() {
    return HARD * maxImages.getAsInt();
  }

  /** Returns the images of all partitions. */
  public long images() {
    return images.get();
  }

  /** Returns the bytes of the records of all partitions. */
  public long bytes() {
    return bytes.get();
  }

  /** Lets nobody wait any more. */
  public void stop() {
    stopped = true;
  }

  @Override
  public String toString() {
    return "at most "
        + maxImages.getAsInt()
        + " images a partition (in.flight.images) and "
        + maxBytes
        + " bytes (in.flight.max.bytes)";
  }

  /** What one partition has in flight; belongs to its stream thread. */
  final class Partition implements AutoCloseable {

    private int ownImages;
    private long ownBytes;

    /** Counts a record of this many bytes. */
    void add(long recordBytes) {
      ownImages++;
      ownBytes += recordBytes;
      images.incrementAndGet();
      bytes.addAndGet(recordBytes);
    }

    /** Counts a record out that was answered. */
    void remove(long recordBytes) {
      ownImages--;
      ownBytes -= recordBytes;
      images.decrementAndGet();
      bytes.addAndGet(-recordBytes);
    }

    /** Returns whether the partition should wait, if there is time. */
    boolean over() {
      return over(1);
    }

    /** Returns whether no more of the partition may go on. */
    boolean full() {
      return over(HARD);
    }

    private boolean over(int limits) {
      return ownImages > 0
          && !stopped
          && (ownImages >= (long) limits * maxImages.getAsInt() || bytes.get() / limits > maxBytes);
    }

    /** Returns the images of the partition. */
    int images() {
      return ownImages;
    }

    /** Counts everything out. */
    @Override
    public void close() {
      images.addAndGet(-ownImages);
      bytes.addAndGet(-ownBytes);
      ownBytes = 0;
      ownImages = 0;
    }
  }
}
