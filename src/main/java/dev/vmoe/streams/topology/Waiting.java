package dev.vmoe.streams.topology;

import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.tracing.ImageTrace;
import java.util.Map;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * An image's record while it waits for its answer.
 *
 * @param record the record as it was read
 * @param position topic, partition and offset
 * @param id what the sender calls the image
 * @param label true class, where the sender knows it
 * @param attributes what the sender wants to find again
 * @param priority how much the image matters beside others; the default where it is no image
 * @param headers those that its prediction begins with; none where it is no image
 * @param refusal why the record is not even an image to try, if so
 * @param trace the image's trace
 */
public record Waiting(
    Record<byte[], byte[]> record,
    RecordMetadata position,
    @Nullable String id,
    @Nullable String label,
    Map<String, String> attributes,
    float priority,
    Headers headers,
    @Nullable BadRecordException refusal,
    ImageTrace trace) {

  /** Returns what waits for a classification. */
  static Waiting of(
      Record<byte[], byte[]> record,
      RecordMetadata position,
      RequestReader.Request request,
      ImageTrace trace) {
    return new Waiting(
        record,
        position,
        request.id(),
        request.label(),
        request.attributes(),
        request.priority(),
        request.headers(),
        null,
        trace);
  }

  /** Returns what waits only for its turn to leave. */
  static Waiting refused(
      Record<byte[], byte[]> record,
      RecordMetadata position,
      BadRecordException refusal,
      ImageTrace trace) {
    return new Waiting(
        record,
        position,
        null,
        null,
        Map.of(),
        ImagePriority.DEFAULT,
        new RecordHeaders(),
        refusal,
        trace);
  }
}
