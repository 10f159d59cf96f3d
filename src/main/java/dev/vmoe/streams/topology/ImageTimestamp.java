package dev.vmoe.streams.topology;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.TimestampExtractor;

/**
 * The time of an image's record, or the time it is read where the record has none.
 *
 * <p>Streams' own extractor stops the thread at a record without a time, and drops the record in
 * silence if the answer is negative.
 */
public final class ImageTimestamp implements TimestampExtractor {

  @Override
  public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
    return record.timestamp() >= 0 ? record.timestamp() : System.currentTimeMillis();
  }
}
