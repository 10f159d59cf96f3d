package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Lane;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.fetch.Fetch;
import dev.vmoe.fetch.FetchException;
import dev.vmoe.fetch.FetchLine;
import dev.vmoe.streams.commit.Deadlines;
import dev.vmoe.streams.commit.HeldPartitions;
import dev.vmoe.streams.commit.PendingOffsets;
import dev.vmoe.streams.intake.RequestReader;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * What the records of one partition ask for. Images by address are fetched while those before them
 * are held or in flight, unless it is too late for them. Belongs to the partition's stream thread,
 * which never waits here.
 */
final class PartitionRequests implements AutoCloseable {

  /** Larger records are read once, in their turn: they have no address, or are rare. */
  private static final int MAX_READ_AHEAD_BYTES = 32 * 1024;

  private final MicroBatchProcessor.Shared shared;
  private final FetchLine line;
  private final HeldPartitions.Records held;
  private final PendingOffsets.Queue pending;
  private final Map<Long, Coming> coming = new HashMap<>();

  /** Offset up to which held records were looked at. */
  private long lookedAt = -1;

  private record Coming(RequestReader.Request request, Fetch fetch) {}

  /**
   * A request whose turn it is.
   *
   * @param request what is asked for; without an image where it is too late to fetch it
   * @param dueNanos when its run has to have ended, by the monotonic clock; {@link Lane#NEVER_DUE}
   *     if it is never too late
   */
  record DueRequest(RequestReader.Request request, long dueNanos) {
    private boolean isLate() {
      return dueNanos != Lane.NEVER_DUE && dueNanos - System.nanoTime() < 0;
    }
  }

  /**
   * Creates the reader of a partition.
   *
   * @param held records that were read, and may not go on yet
   * @param pending is told of a fetch that the partition waits for
   */
  PartitionRequests(
      MicroBatchProcessor.Shared shared,
      HeldPartitions.Records held,
      PendingOffsets.Queue pending) {
    this.shared = shared;
    this.line = shared.fetches().get();
    this.held = held;
    this.pending = pending;
  }

  /**
   * Reads the record whose turn it is; empty while its schema is not known or its image not there.
   * An image that is too late goes on without its bytes, for it to expire.
   *
   * @throws BadRecordException if there is no image in it, or at its address, that may be tried
   */
  Optional<DueRequest> read(Record<byte[], byte[]> record, RecordMetadata position)
      throws BadRecordException {
    Coming its = coming.get(position.offset());
    Optional<RequestReader.Request> read =
        its == null ? shared.reader().read(record, position) : Optional.of(its.request());
    if (read.isEmpty()) {
      return Optional.empty();
    }
    RequestReader.Request request = read.get();
    DueRequest due = new DueRequest(request, dueNanos(record, position, request));
    if (request.address() == null) {
      return Optional.of(due);
    }
    if (its == null || !its.fetch().isOver()) {
      if (due.isLate()) {
        return Optional.of(due);
      }
      its = its == null ? fetch(position, request) : its;
      Fetch fetch = its.fetch();
      held.waitForFetch(() -> !fetch.isOver());
      pending.fetches(fetch::isSlow);
      lookAhead();
      line.startMore();
      return Optional.empty();
    }
    try {
      return Optional.of(new DueRequest(request.with(its.fetch().image()), due.dueNanos()));
    } catch (FetchException e) {
      throw new BadRecordException.NotFetched(String.valueOf(e.getMessage()), e);
    }
  }

  private long dueNanos(
      Record<byte[], byte[]> record, RecordMetadata position, RequestReader.Request request) {
    Deadlines deadlines = shared.deadlines();
    if (!deadlines.apply(request.deadlineMs())) {
      return Lane.NEVER_DUE;
    }
    Deadlines.Now now = deadlines.now();
    return deadlines.dueNanos(
        request.deadlineMs(),
        record.timestamp(),
        pending.arrivals().came(position.offset(), now.nanos()),
        shared.guard().delay().duration(),
        now);
  }

  /** Starts to fetch the images of the records behind one that is fetched. */
  void lookAhead() {
    if (held.waitsForFetch()) {
      held.forEach(it -> lookAt(it.record(), it.position()));
    }
  }

  private void lookAt(Record<byte[], byte[]> record, RecordMetadata position) {
    if (position.offset() <= lookedAt) {
      return;
    }
    lookedAt = position.offset();
    if (record.value() == null
        || record.value().length > MAX_READ_AHEAD_BYTES
        || coming.containsKey(position.offset())) {
      return;
    }
    try {
      RequestReader.Request request = shared.reader().read(record, position).orElse(null);
      if (request != null
          && request.address() != null
          && !new DueRequest(request, dueNanos(record, position, request)).isLate()) {
        fetch(position, request);
      }
    } catch (BadRecordException e) {
      // It is read again in its turn, and refused then.
    }
  }

  private Coming fetch(RecordMetadata position, RequestReader.Request request) {
    String address = Objects.requireNonNull(request.address());
    Coming its = new Coming(request, line.fetch(position.offset(), address));
    coming.put(position.offset(), its);
    return its;
  }

  /** Notes that a record has gone on. */
  void taken(long offset) {
    if (coming.remove(offset) != null) {
      line.taken(offset);
    }
  }

  /** Notes that a record was answered. */
  void answered(long offset) {
    line.answered(offset);
  }

  @Override
  public void close() {
    line.close();
  }
}
