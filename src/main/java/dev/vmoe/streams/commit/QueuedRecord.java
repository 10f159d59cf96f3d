package dev.vmoe.streams.commit;

import dev.vmoe.event.BadRecordException;
import dev.vmoe.fetch.Fetch;
import dev.vmoe.streams.intake.RecordSize;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.tracing.ImageTrace;
import java.util.Objects;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * One record of an images topic in its {@link PartitionQueue}, from when it was read until its
 * answer is emitted.
 *
 * <p>Belongs to the stream thread of its partition. An inference thread sees only its trace.
 */
public final class QueuedRecord {

  /** How far a record is. */
  public enum State {
    /** It was read, and has not gone on. Its image may be fetched meanwhile. */
    HELD,
    /** The micro-batcher has it. */
    BATCHED,
    /** Its share came back from the micro-batcher, and is being forwarded. */
    ANSWERED
  }

  private final Record<byte[], byte[]> record;
  private final RecordMetadata position;
  private final ImageTrace trace;
  private State state = State.HELD;
  private RequestReader.@Nullable Request request;
  private @Nullable Fetch fetch;
  private @Nullable BadRecordException refusal;

  /** The record behind it in its {@link PartitionQueue}. */
  @Nullable QueuedRecord next;

  /** Creates a record of which nothing but its bytes was read. */
  public QueuedRecord(Record<byte[], byte[]> record, RecordMetadata position, ImageTrace trace) {
    this.record = record;
    this.position = position;
    this.trace = trace;
  }

  /** Returns the record as it was read. */
  public Record<byte[], byte[]> record() {
    return record;
  }

  /** Returns its topic, partition and offset. */
  public RecordMetadata position() {
    return position;
  }

  public long offset() {
    return position.offset();
  }

  /** Returns the bytes that count while it is in flight: those of its value. */
  public long bytes() {
    return RecordSize.length(record.value());
  }

  /** Returns the image's trace. */
  public ImageTrace trace() {
    return trace;
  }

  public State state() {
    return state;
  }

  void become(State next) {
    state = next;
  }

  /** Returns whether it has not gone on. */
  boolean isHeld() {
    return state == State.HELD;
  }

  /**
   * Returns what the record asks for, without the bytes of the image.
   *
   * @throws NullPointerException if there is nothing to classify in it
   */
  public RequestReader.Request request() {
    return Objects.requireNonNull(request, "the record was refused, or not read yet");
  }

  /** Returns why the record is not even an image to try, if so. */
  public @Nullable BadRecordException refusal() {
    return refusal;
  }

  /** Returns the fetch of its image; null where none was started. */
  @Nullable Fetch fetch() {
    return fetch;
  }

  /** Takes over the fetch of its image, and what was read to know the address. */
  void fetching(RequestReader.Request request, Fetch fetch) {
    this.request = request;
    this.fetch = fetch;
  }

  /** Takes over what it asks for, of which the batch gets the image. */
  public void admitted(RequestReader.Request request) {
    this.request = request.withoutImage();
  }

  /** Takes over why it is not classified: it waits only for its turn to leave. */
  public void refused(BadRecordException reason) {
    request = null;
    refusal = reason;
  }
}
