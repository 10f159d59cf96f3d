package dev.vmoe.streams.intake;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.internal.AbstractRecords;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.junit.jupiter.api.Test;

class RecordSizeTest {

  @Test
  void shouldBeNoLessThanWhatAProducerCounts() {
    Headers headers = new RecordHeaders();
    assertBetween(headers, null, null);
    for (int i = 0; i < 1000; i++) {
      headers.add("n" + i, i % 2 == 0 ? null : new byte[i]);
    }
    assertBetween(headers, new byte[300], new byte[70_000]);
    assertBetween(headers, null, new byte[20_000_000]);
  }

  private static void assertBetween(Headers headers, byte[] key, byte[] value) {
    long counted =
        AbstractRecords.estimateSizeInBytesUpperBound(
            RecordBatch.CURRENT_MAGIC_VALUE, CompressionType.NONE, key, value, headers.toArray());

    assertThat(RecordSize.of(key, value, headers)).isBetween(counted, counted + 20_000);
  }

  @Test
  void shouldCountTextInUtf8() {
    assertThat(RecordSize.length("näh")).isEqualTo(4);
    assertThat(RecordSize.length((String) null)).isZero();
  }
}
