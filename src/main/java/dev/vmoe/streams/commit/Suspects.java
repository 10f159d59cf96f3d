package dev.vmoe.streams.commit;

import dev.vmoe.streams.commit.OffsetNote.InWork;
import dev.vmoe.streams.commit.OffsetNote.Owner;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the image that ends the process which works on it: a crash in native code, the kernel for
 * want of memory. Such a process leaves no dead letter, and the next owner reads the image again.
 *
 * <p>Each committed offset carries an {@link OffsetNote}. The rule for who takes a partition over:
 *
 * <ol>
 *   <li>No image goes on before an offset with a note of the new owner is committed. Otherwise a
 *       process could end without a trace.
 *   <li>The count of ends is carried on until all that the ended process may have had is answered.
 *   <li>Two ends before the bound, images are tried one at a time. All else of the process waits
 *       until the count is cleared: only an image that was alone in its <em>process</em> can be
 *       blamed.
 *   <li>At the bound, an image that was alone at two of the ends is not tried again.
 * </ol>
 */
public final class Suspects {

  /** Ends with one image alone that it takes to blame it: one may be a coincidence. */
  private static final int MIN_ALONE = 2;

  private static final Logger log = LoggerFactory.getLogger(Suspects.class);

  private final int maxDeaths;
  private final String owner = UUID.randomUUID().toString().substring(0, 8);
  private final Map<TopicPartition, Found> found = new ConcurrentHashMap<>();
  private final Map<TopicPartition, Account> partitions = new ConcurrentHashMap<>();

  /** The account that lets no other go on, until its count is cleared; null if there is none. */
  private final AtomicReference<@Nullable Account> alone = new AtomicReference<>();

  /** Up to which offset of a partition an end of the process blames no image. */
  private final Map<TopicPartition, Long> blameless = new ConcurrentHashMap<>();

  private volatile boolean stopping;

  private record Found(long offset, Owner owner) {}

  /**
   * Creates the count of an instance.
   *
   * @param maxDeaths processes that may end in a row over the same images, above {@value
   *     #MIN_ALONE}; 0 if none is counted
   */
  public Suspects(int maxDeaths) {
    this.maxDeaths = maxDeaths;
  }

  /** Returns the partitions whose images are suspected; for any thread. */
  public long suspected() {
    return partitions.values().stream().filter(it -> it.state.deaths() > 0).count();
  }

  /**
   * Says that the process stops in order: what it commits from now on blames no image. Waits for
   * that: Kafka Streams makes no last commit where nothing was read since the one before, and that
   * one blames them.
   *
   * @param max maximum wait
   */
  public void stop(Duration max) throws InterruptedException {
    stopping = true;
    long startNanos = System.nanoTime();
    while (blames() && System.nanoTime() - startNanos < max.toNanos()) {
      Thread.sleep(5);
    }
  }

  private boolean blames() {
    return partitions.values().stream().anyMatch(it -> it.written != InWork.IDLE);
  }

  /**
   * Says that something fails which is not due to the images: the end of the process blames none of
   * a partition, until some of it are answered again.
   */
  public void blameNoImages() {
    partitions.forEach((partition, its) -> blameless.put(partition, its.at));
  }

  /** Takes over what the last owners left; returns what Kafka Streams has in the metadata. */
  public Map<TopicPartition, @Nullable OffsetAndMetadata> read(
      Map<TopicPartition, @Nullable OffsetAndMetadata> committed) {
    Map<TopicPartition, @Nullable OffsetAndMetadata> own = new HashMap<>(committed);
    own.replaceAll(
        (partition, offset) -> {
          if (offset == null) {
            found.put(partition, new Found(OffsetNote.NONE, Owner.UNKNOWN));
            return null;
          }
          String metadata = offset.metadata();
          found.put(partition, new Found(offset.offset(), OffsetNote.in(metadata).owner()));
          return new OffsetAndMetadata(
              offset.offset(), offset.leaderEpoch(), OffsetNote.without(metadata));
        });
    return own;
  }

  /**
   * Opens the account of a partition that a task now owns.
   *
   * @param reach images that an owner may have had in work beyond the committed offset
   */
  public Account open(TopicPartition partition, int reach) {
    Found left = found.remove(partition);
    Account opened = new Account(partition, maxDeaths == 0 ? null : left, reach);
    partitions.put(partition, opened);
    return opened;
  }

  /**
   * Returns what to leave for the next owner with an offset; nothing changes until it is committed.
   *
   * @param busy whether images of the partition have been read and have no answer yet
   * @param leaving whether the partition is given back with this commit
   */
  Owner owner(TopicPartition partition, long offset, boolean busy, boolean leaving) {
    Account its = own(partition);
    return its == null ? Owner.UNKNOWN : its.owner(offset, busy, leaving);
  }

  /** Notes that an offset of a partition has been committed, with its note. */
  void committed(TopicPartition partition, OffsetAndMetadata noted) {
    Account its = own(partition);
    if (its != null) {
      its.committed(noted);
    }
  }

  /** Another thread may have the partition by now, where the calling one is fenced. */
  private @Nullable Account own(TopicPartition partition) {
    Account its = partitions.get(partition);
    return maxDeaths > 0 && its != null && its.thread == Thread.currentThread() ? its : null;
  }

  /** What is known of one partition; belongs to the stream thread that opened it. */
  public final class Account implements AutoCloseable {

    private final TopicPartition partition;
    private final Thread thread = Thread.currentThread();
    private final long since;
    private final long until;
    private volatile Owner state;

    /** The offset that is committed, and what its note says. */
    private volatile long at;

    private volatile InWork written;

    /** Whether an offset has been committed with a note of this process. */
    private boolean marked;

    /** Offset of the image that is tried alone; -1 if none is. */
    private long trying = OffsetNote.NONE;

    private boolean tryingMarked;

    private Account(TopicPartition partition, @Nullable Found found, int reach) {
      Owner left = found == null ? Owner.UNKNOWN : found.owner();
      this.partition = partition;
      this.marked = found == null;
      this.since = found == null ? OffsetNote.NONE : found.offset();
      this.until = since + reach;
      this.at = since;
      this.written = left.work();
      this.state = left.takenBy(owner, since);
      if (state.deaths() > left.deaths()) {
        log.warn(
            "{}: a process ended without giving it back, with images from offset {} in work;"
                + " {} in a row now{}",
            partition,
            since,
            state.deaths(),
            oneAtATime() ? ", so its images are tried one at a time" : "");
      }
    }

    /** Returns whether images are to be tried one at a time. */
    private boolean oneAtATime() {
      return maxDeaths > 0 && state.deaths() >= maxDeaths - MIN_ALONE;
    }

    /** Returns whether processes have ended over this image: it must not be tried again. */
    public boolean poison(long offset) {
      return maxDeaths > 0
          && state.suspect() == offset
          && state.alone() >= MIN_ALONE
          && state.deaths() >= maxDeaths;
    }

    /** Returns how many processes have ended in a row over the first images. */
    public int deaths() {
      return state.deaths();
    }

    /**
     * Returns whether a record has to wait, whatever it is; asked again and again.
     *
     * @param nothingElse whether the whole process has nothing else in flight
     */
    public boolean waits(long offset, boolean nothingElse) {
      Account claimant = alone.get();
      if (claimant != null && claimant != this) {
        return true;
      }
      if (poison(state.suspect())) {
        return offset != state.suspect(); // its dead letter has to be committed first
      }
      if (!marked) {
        return true;
      }
      if (trying != OffsetNote.NONE) {
        return trying != offset || !tryingMarked;
      }
      return claimant == this && !nothingElse;
    }

    /** Returns whether an image that need not {@linkplain #waits wait} may go on. */
    public boolean admits(long offset) {
      if (!oneAtATime() || trying == offset) {
        return true;
      }
      // What has just been admitted elsewhere is seen in flight when this is asked about again.
      if (alone.compareAndSet(null, this)) {
        log.warn(
            "{}: its images are tried one at a time from offset {}; all other partitions of this"
                + " instance wait until these are answered",
            partition,
            offset);
      } else if (alone.get() == this) {
        trying = offset;
        tryingMarked = false;
        state = state.tries(offset);
      }
      return false;
    }

    /** Lets others go on while the partition waits for something else. */
    public void letOthersGoOn() {
      if (trying == OffsetNote.NONE) {
        alone.compareAndSet(this, null);
      }
    }

    /** Returns whether an image is tried alone. */
    public boolean tries() {
      return trying != OffsetNote.NONE;
    }

    /** Returns whether images wait for a commit. */
    public boolean waitsForCommit() {
      return !marked || (tries() && !tryingMarked);
    }

    private Owner owner(long next, boolean busy, boolean leaving) {
      Owner its = state;
      boolean survived = next > since && (!busy || next > until);
      if (its.suspect() != OffsetNote.NONE && next > its.suspect()) {
        survived |= poison(its.suspect());
        its = its.withoutSuspect();
      }
      if (survived && its.suspect() == OffsetNote.NONE) {
        its = its.withoutDeaths();
      }
      boolean notDueToImages = next <= blameless.getOrDefault(partition, OffsetNote.NONE);
      if (!busy || leaving || stopping || notDueToImages) {
        return its.with(InWork.IDLE);
      }
      return its.with(trying == next ? InWork.ALONE : InWork.BUSY);
    }

    private void committed(OffsetAndMetadata offset) {
      state = OffsetNote.in(offset.metadata()).owner();
      at = offset.offset();
      written = state.work();
      marked = true;
      if (at > trying) {
        trying = OffsetNote.NONE;
      }
      tryingMarked = trying == at;
      if (!oneAtATime()) {
        alone.compareAndSet(this, null);
      }
    }

    /** Forgets the partition, unless another task has opened it since. */
    @Override
    public void close() {
      alone.compareAndSet(this, null);
      partitions.remove(partition, this);
    }
  }
}
