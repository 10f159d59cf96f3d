package dev.vmoe.streams;

import dev.vmoe.commit.HeldPartitions;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.fetch.Fetch;
import dev.vmoe.fetch.FetchException;
import dev.vmoe.fetch.FetchLine;
import dev.vmoe.intake.RequestReader;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * What the records of one partition ask for. Images by address are fetched while those before them
 * are held or in flight. Belongs to the partition's stream thread, which never waits here.
 */
final class PartitionRequests implements AutoCloseable {

  /** Larger records are read once, in their turn: they have no address, or are rare. */
  private static final int MAX_READ_AHEAD_BYTES = 32 * 1024;

  private final RequestReader reader;
  private final FetchLine line;
  private final HeldPartitions.Records held;
  private final Map<Long, Coming> coming = new HashMap<>();

  /** Offset up to which held records were looked at. */
  private long lookedAt = -1;

  private record Coming(RequestReader.Request request, Fetch fetch) {}

  /**
   * Creates the reader of a partition.
   *
   * @param held records that were read, and may not go on yet
   */
  PartitionRequests(RequestReader reader, FetchLine line, HeldPartitions.Records held) {
    this.reader = reader;
    this.line = line;
    this.held = held;
  }

  /**
   * Reads the record whose turn it is; empty while its schema is not known or its image not there.
   *
   * @throws BadRecordException if there is no image in it, or at its address, that may be tried
   */
  Optional<RequestReader.Request> read(Record<byte[], byte[]> record, RecordMetadata position)
      throws BadRecordException {
    Coming its = coming.get(position.offset());
    if (its == null) {
      Optional<RequestReader.Request> request = reader.read(record, position);
      if (request.isEmpty() || request.get().address() == null) {
        return request;
      }
      its = fetch(position, request.get());
    }
    if (!its.fetch().isOver()) {
      held.fetching(true);
      lookAhead();
      line.startMore();
      return Optional.empty();
    }
    try {
      return Optional.of(its.request().with(its.fetch().image()));
    } catch (FetchException e) {
      throw new BadRecordException.NotFetched(String.valueOf(e.getMessage()), e);
    }
  }

  /** Starts to fetch the images of the records behind one that is fetched. */
  void lookAhead() {
    if (held.isFetching()) {
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
      Optional<RequestReader.Request> request = reader.read(record, position);
      if (request.isPresent() && request.get().address() != null) {
        fetch(position, request.get());
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
