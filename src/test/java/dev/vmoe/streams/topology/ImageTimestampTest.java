package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class ImageTimestampTest {

  @Test
  void shouldKeepTheRecordsTime() {
    assertThat(new ImageTimestamp().extract(record(42), 100)).isEqualTo(42);
  }

  @Test
  void shouldTakeTheTimeOfReadingWhereTheRecordHasNone() {
    long before = System.currentTimeMillis();

    assertThat(new ImageTimestamp().extract(record(-1), 100)).isGreaterThanOrEqualTo(before);
  }

  private static ConsumerRecord<Object, Object> record(long timestamp) {
    return new ConsumerRecord<>(
        "images",
        0,
        0,
        timestamp,
        TimestampType.CREATE_TIME,
        0,
        0,
        "key",
        "value",
        new RecordHeaders(),
        Optional.empty());
  }
}
