package dev.vmoe.streams.commit;

import dev.vmoe.fetch.FetchBounds;
import dev.vmoe.fetch.Fetching;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.tracing.ImageTrace;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;

/** Records as they stand in the queue of a partition. */
public final class QueueRecords {

  private QueueRecords() {}

  /** Returns a raw image of one byte. */
  public static QueuedRecord at(long offset) {
    return at(offset, 1);
  }

  /** Returns a raw image. */
  public static QueuedRecord at(long offset, int bytes) {
    RecordHeaders headers = new RecordHeaders();
    headers.add("content-type", "image/grey".getBytes());
    return new QueuedRecord(
        new Record<>(null, new byte[bytes], 0, headers),
        new ProcessorRecordContext(0, offset, 0, "images", headers),
        ImageTrace.NONE);
  }

  /** Returns a raw image that has gone on. */
  public static QueuedRecord admitted(
      Record<byte[], byte[]> record, RecordMetadata position, ImageTrace trace) {
    QueuedRecord its = new QueuedRecord(record, position, trace);
    its.admitted(RequestReader.Request.ofRawImage(record.value()));
    return its;
  }

  /** Adds a record that goes on at once. */
  public static QueuedRecord addBatched(PartitionQueue queue, QueuedRecord record) {
    queue.add(record);
    queue.claim(record);
    queue.batch(record);
    return record;
  }

  /** Emits a record that has gone on. */
  public static void emit(PartitionQueue queue, QueuedRecord record) {
    queue.answered(record);
    queue.emitted(record);
  }

  /** Returns what fetches images, but none of any address. */
  static Fetching fetchingNothing() {
    return new Fetching(
        new FetchBounds(List.of(), Set.of(), 1, Duration.ofSeconds(1), 1_000, () -> 1L << 20),
        (outcome, nanos) -> {});
  }
}
