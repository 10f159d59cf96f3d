package dev.vmoe.commit;

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
 * <p>Each committed offset carries an {@link OwnerNote}. The rule for who takes a partition over:
 *
 * <ol>
 *   <li>No image goes on before an offset with a note of the new owner is committed. Otherwise a
 *       process could end without a trace.
 *   <li>The count of ends is carried on until all that the ended process may have had is answered.
 *   <li>Two ends before the bound, images are tried one at a time. The other partitions of the
 *       process wait: only an image that was alone in its <em>process</em> can be blamed.
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
  private final AtomicReference<@Nullable Account> alone = new AtomicReference<>();
  private volatile boolean stopping;
  private volatile boolean excused;

  private record Found(long offset, OwnerNote note) {}

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
    return partitions.values().stream().filter(it -> it.note.deaths() > 0).count();
  }

  /** Says that the process stops in order: what it commits from now on blames no image. */
  public void stop() {
    stopping = true;
  }

  /**
   * Says that something fails which is not due to the images: the end of the process blames none of
   * them, until some are answered again.
   */
  public void excuse() {
    excused = true;
  }

  /** Takes over what the last owners left; returns what Kafka Streams has in the metadata. */
  public Map<TopicPartition, @Nullable OffsetAndMetadata> read(
      Map<TopicPartition, @Nullable OffsetAndMetadata> committed) {
    Map<TopicPartition, @Nullable OffsetAndMetadata> own = new HashMap<>(committed);
    for (Map.Entry<TopicPartition, @Nullable OffsetAndMetadata> entry : own.entrySet()) {
      OffsetAndMetadata offset = entry.getValue();
      if (offset == null) {
        found.put(entry.getKey(), new Found(OwnerNote.NONE, OwnerNote.ABSENT));
      } else {
        String metadata = offset.metadata();
        found.put(entry.getKey(), new Found(offset.offset(), OwnerNote.in(metadata)));
        entry.setValue(
            new OffsetAndMetadata(
                offset.offset(), offset.leaderEpoch(), OwnerNote.without(metadata)));
      }
    }
    return own;
  }

  /**
   * Opens the account of a partition that a task now owns.
   *
   * @param reach images that an owner may have had in work beyond the committed offset
   */
  public Account open(TopicPartition partition, int reach) {
    Account opened = new Account(partition, found.remove(partition), reach);
    partitions.put(partition, opened);
    return opened;
  }

  /**
   * Returns an offset with a note for the next owner.
   *
   * @param busy whether images of the partition have been read and have no answer yet
   * @param leaving whether the partition is given back with this commit
   */
  OffsetAndMetadata noted(
      TopicPartition partition, OffsetAndMetadata offset, boolean busy, boolean leaving) {
    Account its = partitions.get(partition);
    return its == null || maxDeaths == 0 ? offset : its.noted(offset, busy, leaving);
  }

  /** Notes that the offset of a partition has been committed. */
  void committed(TopicPartition partition) {
    Account its = partitions.get(partition);
    if (its != null) {
      its.committed();
    }
  }

  /** What is known of one partition; belongs to its stream thread. */
  public final class Account implements AutoCloseable {

    private final TopicPartition partition;
    private final long since;
    private final long until;
    private volatile OwnerNote note;

    /** Whether an offset has been committed with a note of this process. */
    private boolean marked;

    /** Offset of the image that is tried alone; -1 if none is. */
    private long trying = OwnerNote.NONE;

    private boolean tryingMarked;
    private long sent = OwnerNote.NONE;

    private Account(TopicPartition partition, @Nullable Found found, int reach) {
      this.partition = partition;
      this.marked = found == null || maxDeaths == 0;
      this.since = found == null ? OwnerNote.NONE : found.offset();
      this.until = since + reach;
      OwnerNote left = found == null ? OwnerNote.ABSENT : found.note();
      this.note = left.takenBy(owner, since);
      if (note.deaths() > left.deaths()) {
        log.warn(
            "{}: a process ended without giving it back, with images from offset {} in work;"
                + " {} in a row now{}",
            partition,
            since,
            note.deaths(),
            apart() ? ", so its images are tried one at a time" : "");
      }
    }

    /** Returns whether images are to be tried one at a time. */
    private boolean apart() {
      return maxDeaths > 0 && note.deaths() >= maxDeaths - MIN_ALONE;
    }

    /** Returns whether processes have ended over this image: it must not be tried again. */
    public boolean poison(long offset) {
      return maxDeaths > 0
          && note.suspect() == offset
          && note.alone() >= MIN_ALONE
          && note.deaths() >= maxDeaths;
    }

    /** Returns how many processes have ended in a row over the first images. */
    public int deaths() {
      return note.deaths();
    }

    /**
     * Returns whether an image may go on now.
     *
     * @param nothingInFlight whether the whole process has no image in work
     */
    public boolean admits(long offset, boolean nothingInFlight) {
      if (!marked || poison(note.suspect())) { // its dead letter has to be committed first
        return false;
      }
      if (!apart()) {
        return alone.get() == null;
      }
      if (trying != OwnerNote.NONE) {
        return trying == offset && tryingMarked;
      }
      // What has just passed the question above is seen in flight at the next call.
      boolean first = alone.compareAndSet(null, this);
      if (!first && alone.get() == this && nothingInFlight) {
        trying = offset;
        tryingMarked = false;
        note = note.tries(offset);
      }
      return false;
    }

    /** Returns whether images wait for a commit. */
    public boolean waitsForCommit() {
      return !marked || trying != OwnerNote.NONE;
    }

    private OffsetAndMetadata noted(OffsetAndMetadata offset, boolean busy, boolean leaving) {
      long at = offset.offset();
      boolean survived = at > since && (!busy || at > until);
      if (note.suspect() != OwnerNote.NONE && at > note.suspect()) {
        survived |= poison(note.suspect());
        note = note.cleared();
      }
      if (survived && note.suspect() == OwnerNote.NONE) {
        note = note.trusting();
      }
      sent = at;
      OwnerNote left = !busy || leaving || stopping || excused ? note.idle() : note;
      return new OffsetAndMetadata(at, offset.leaderEpoch(), left.behind(offset.metadata()));
    }

    private void committed() {
      marked = true;
      tryingMarked = trying == sent;
      if (sent > since) {
        excused = false;
      }
      boolean answered = trying != OwnerNote.NONE && sent > trying;
      if (answered) {
        trying = OwnerNote.NONE;
      }
      if (answered || !apart()) {
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
