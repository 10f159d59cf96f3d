package dev.vmoe.streams.commit;

import dev.vmoe.core.batch.Lane;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.fetch.Fetch;
import dev.vmoe.fetch.FetchAhead;
import dev.vmoe.fetch.FetchException;
import dev.vmoe.streams.intake.RequestReader;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether the record whose turn it is may go on to the micro-batcher. All limits on what
 * may enter stand here:
 *
 * <table>
 * <caption>In the order in which they are looked at</caption>
 * <tr><th>limit<th>where it is set<th>what happens at it
 * <tr><td>images of the partition in flight<td>{@code (3 + runs) × batch.max.images}
 *     <td>over it the stream thread waits for the partition's own oldest answers, as long as its
 *     wait budget lasts; at twice the limit the record waits
 * <tr><td>bytes of all partitions in flight<td>a quarter of the heap<td>the same
 * <tr><td>wait budget of the stream thread<td>2 s, whole again after each
 *     commit<td>once it is spent, records go on up to twice the limit, so that the thread comes to
 *     its commit
 * <tr><td>records held before it<td><td>it waits until the partition is below its limits again,
 *     once, not twice; meanwhile nothing more of the partition is fetched from the broker
 * <tr><td>takeover not committed, or another image is tried alone<td>{@code poison.deaths}
 *     <td>it waits for that commit; {@link Suspects} has the rule
 * <tr><td>processes have ended over it<td>{@code poison.deaths}<td>it is refused
 * <tr><td>no image in it that may be tried<td>{@link RequestReader}<td>it is refused
 * <tr><td>schema not known<td>{@code schema.registry.wait.ms}<td>it waits, then it is refused
 * <tr><td>image not fetched yet<td>{@code fetch.timeout.ms}<td>it waits, then it is refused;
 *     meanwhile those behind it are fetched
 * <tr><td>deadline<td>its own, or {@code late.policy}<td>a late image is not waited for: it goes on
 *     without its bytes, to expire in its turn
 * </table>
 *
 * <p>Two exceptions. With nothing of its own in flight, a partition never waits for room: what
 * others have in flight may only leave when this thread goes on. So bytes may pass their limit by
 * one record a partition. And once the instance stops, nothing waits for room.
 */
public final class Admission {

  /** Where records no longer go on when the wait budget is spent, in limits. */
  private static final int HARD = 2;

  /** Larger records are read once, in their turn: they have no address, or are rare. */
  private static final int MAX_PREFETCH_BYTES = 32 * 1024;

  private final IntSupplier maxImages;
  private final long maxBytes;
  private final RequestReader reader;
  private final Supplier<FetchAhead> fetchAheads;
  private final Deadlines deadlines;
  private final CommitGuard guard;
  private volatile boolean stopped;

  /** What is decided about a record. */
  public sealed interface Ruling permits Admit, Wait, Refuse {}

  /**
   * The record goes on.
   *
   * @param request what it asks for; without an image where it is too late to fetch it
   * @param dueNanos when its run has to have ended, by the monotonic clock; {@link Lane#NEVER_DUE}
   *     if it is never too late
   */
  public record Admit(RequestReader.Request request, long dueNanos) implements Ruling {}

  /** The record is held until this is there. */
  public enum Wait implements Ruling {
    ROOM,
    COMMIT,
    SCHEMA,
    FETCH
  }

  /** The record goes along for the order's sake: there is nothing to classify in it. */
  public record Refuse(BadRecordException reason) implements Ruling {}

  /**
   * Creates the rule of an instance.
   *
   * @param maxImages images of one partition in flight before reading waits; asked each time
   * @param maxBytes bytes of all partitions' records in flight before reading waits
   * @param reader understands records
   * @param fetchAheads opens what fetches a partition's images by address
   * @param deadlines says until when an image has to be answered
   * @param guard has the queues, the suspects, and how long commits take
   */
  public Admission(
      IntSupplier maxImages,
      long maxBytes,
      RequestReader reader,
      Supplier<FetchAhead> fetchAheads,
      Deadlines deadlines,
      CommitGuard guard) {
    this.maxImages = maxImages;
    this.maxBytes = maxBytes;
    this.reader = reader;
    this.fetchAheads = fetchAheads;
    this.deadlines = deadlines;
    this.guard = guard;
  }

  /** Opens a partition that a task now owns, on its stream thread. */
  public PartitionAdmission open(TopicPartition partition) {
    return new PartitionAdmission(partition);
  }

  /** Returns how many images one partition can have in flight. */
  int reach() {
    return HARD * maxImages.getAsInt();
  }

  /** Lets nothing wait for room any more. */
  public void stop() {
    stopped = true;
  }

  /** The rule for one partition, its queue, and what is fetched for it. */
  public final class PartitionAdmission implements AutoCloseable {

    private final PartitionQueue queue;
    private final Suspects.Account suspects;
    private final FetchAhead fetchAhead;

    /** Offset up to which held records were looked at for an address. */
    private long prefetchedTo = -1;

    private PartitionAdmission(TopicPartition partition) {
      queue = guard.queues().open(partition);
      suspects = guard.suspects().open(partition, reach());
      fetchAhead = fetchAheads.get();
    }

    public PartitionQueue queue() {
      return queue;
    }

    /** Returns what is known of processes that ended over the partition's images. */
    public Suspects.Account suspects() {
      return suspects;
    }

    /** Returns whether the stream thread waits for answers now, if its budget allows. */
    public boolean isOver() {
      return isOver(1);
    }

    private boolean isOver(int limits) {
      return queue.inFlightImages() > 0
          && !stopped
          && (queue.inFlightImages() >= (long) limits * maxImages.getAsInt()
              || guard.queues().inFlightBytes() / limits > maxBytes);
    }

    /** Decides about the first held record; it is held no more unless it has to wait. */
    public Ruling decide(QueuedRecord first) {
      if (isOver(queue.isWaiting() ? 1 : HARD)) {
        queue.hold(Wait.ROOM);
        return Wait.ROOM;
      }
      // It counts before it is asked about: who wants to be alone claims that, and looks then.
      queue.claim(first);
      Ruling ruling = check(first);
      if (ruling instanceof Wait reason) {
        queue.unclaim(first);
        queue.hold(reason);
        prefetch();
        return ruling;
      }
      if (ruling instanceof Admit admit) {
        first.admitted(admit.request());
      } else if (ruling instanceof Refuse refuse) {
        first.refused(refuse.reason());
      }
      if (first.fetch() != null) {
        fetchAhead.taken(first.offset());
      }
      queue.batch(first);
      return ruling;
    }

    private Ruling check(QueuedRecord first) {
      if (suspects.waits(first.offset(), guard.queues().inFlightImages() == 1)) {
        return Wait.COMMIT;
      }
      if (suspects.poison(first.offset())) {
        return new Refuse(new BadRecordException.Poison(suspects.deaths()));
      }
      try {
        RequestReader.Request request = read(first);
        if (request == null) {
          suspects.letOthersGoOn();
          return Wait.SCHEMA;
        }
        long dueNanos = dueNanos(first, request);
        if (request.address() != null) {
          Fetch fetch = first.fetch();
          if (fetch != null && fetch.isOver()) {
            request = request.with(fetch.image());
          } else if (!isLate(dueNanos)) {
            fetch(first, request);
            suspects.letOthersGoOn();
            return Wait.FETCH;
          }
        }
        return suspects.admits(first.offset()) ? new Admit(request, dueNanos) : Wait.COMMIT;
      } catch (FetchException e) {
        return new Refuse(new BadRecordException.NotFetched(String.valueOf(e.getMessage()), e));
      } catch (BadRecordException e) {
        return new Refuse(e);
      }
    }

    /** Returns what a record asks for; null while its schema is not known. */
    private RequestReader.@Nullable Request read(QueuedRecord its) throws BadRecordException {
      return its.fetch() != null
          ? its.request()
          : reader.read(its.record(), its.position()).orElse(null);
    }

    private long dueNanos(QueuedRecord its, RequestReader.Request request) {
      if (!deadlines.apply(request.deadlineMs())) {
        return Lane.NEVER_DUE;
      }
      Deadlines.Now now = deadlines.now();
      return deadlines.dueNanos(
          request.deadlineMs(),
          its.record().timestamp(),
          queue.arrivals().arrival(its.offset(), now.nanos()),
          guard.delay().duration(),
          now);
    }

    private static boolean isLate(long dueNanos) {
      return dueNanos != Lane.NEVER_DUE && dueNanos - System.nanoTime() < 0;
    }

    private void fetch(QueuedRecord its, RequestReader.Request request) {
      if (its.fetch() == null) {
        String address = Objects.requireNonNull(request.address());
        its.fetching(request, fetchAhead.fetch(its.offset(), address));
      }
    }

    /** Fetches the images behind one that is fetched, unless it is too late for them. */
    public void prefetch() {
      if (!queue.waitsForFetch()) {
        return;
      }
      for (QueuedRecord its = queue.firstHeld(); its != null; its = its.next) {
        if (its.offset() > prefetchedTo) {
          prefetchedTo = its.offset();
          prefetch(its);
        }
      }
      fetchAhead.startMore();
    }

    private void prefetch(QueuedRecord its) {
      byte[] value = its.record().value();
      if (value == null || value.length > MAX_PREFETCH_BYTES || its.fetch() != null) {
        return;
      }
      try {
        Optional<RequestReader.Request> request = reader.read(its.record(), its.position());
        if (request.isPresent()
            && request.get().address() != null
            && !isLate(dueNanos(its, request.get()))) {
          fetch(its, request.get());
        }
      } catch (BadRecordException e) {
        // It is read again in its turn, and refused then.
      }
    }

    /** Lets a record go whose answer has been forwarded: there is room for others. */
    public void emitted(QueuedRecord record) {
      queue.emitted(record);
      if (record.fetch() != null) {
        fetchAhead.answered(record.offset());
      }
    }

    /** Forgets all: it is read again by the next owner. */
    @Override
    public void close() {
      suspects.close();
      fetchAhead.close();
      queue.close();
    }
  }
}
