package dev.vmoe.lab.peers;

import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;

/** An image's record in a checkpoint, in the form that Flink writes without help. */
@SuppressWarnings("NullAway.Init") // Flink fills the fields in
public final class WaitingImage {

  public String topic;
  public int partition;
  public long offset;
  public long timestamp;
  public byte @Nullable [] key;
  public byte[] value;
  public String[] headerNames;
  public byte @Nullable [][] headerValues;

  /** For Flink. */
  public WaitingImage() {}

  static WaitingImage of(ConsumerRecord<byte[], byte[]> image) {
    WaitingImage saved = new WaitingImage();
    saved.topic = image.topic();
    saved.partition = image.partition();
    saved.offset = image.offset();
    saved.timestamp = image.timestamp();
    saved.key = image.key();
    saved.value = image.value();
    Header[] headers = image.headers().toArray();
    saved.headerNames = new String[headers.length];
    saved.headerValues = new byte[headers.length][];
    for (int i = 0; i < headers.length; i++) {
      saved.headerNames[i] = headers[i].key();
      saved.headerValues[i] = headers[i].value();
    }
    return saved;
  }

  ConsumerRecord<byte[], byte[]> toRecord() {
    RecordHeaders headers = new RecordHeaders();
    for (int i = 0; i < headerNames.length; i++) {
      headers.add(headerNames[i], headerValues[i]);
    }
    return new ConsumerRecord<>(
        topic,
        partition,
        offset,
        timestamp,
        TimestampType.CREATE_TIME,
        ConsumerRecord.NULL_SIZE,
        ConsumerRecord.NULL_SIZE,
        key,
        value,
        headers,
        Optional.empty());
  }
}
