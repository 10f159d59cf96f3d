package dev.vmoe.streams;

import dev.vmoe.event.BadRecordException;
import java.util.Map;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * An image's record while it waits for its answer.
 *
 * @param record the record as it was read
 * @param position topic, partition and offset
 * @param label true class, where the sender knows it
 * @param attributes what the sender wants to find again
 * @param refusal why the record is not even an image to try, if so
 */
record Waiting(
    Record<byte[], byte[]> record,
    RecordMetadata position,
    @Nullable String label,
    Map<String, String> attributes,
    @Nullable BadRecordException refusal) {}
