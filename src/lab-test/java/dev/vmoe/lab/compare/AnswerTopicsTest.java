package dev.vmoe.lab.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.event.RegistryClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Reading two topics side by side, on a consumer that hands out one of them first. */
class AnswerTopicsTest {

  private static final TopicPartition A = new TopicPartition("a", 0);
  private static final TopicPartition B = new TopicPartition("b", 0);

  /** No answer in JSON needs it. */
  private final RegistryClient registry =
      new RegistryClient("http://localhost:1", Map.of(), Duration.ofSeconds(1));

  private final OrderedConsumer consumer = new OrderedConsumer();

  /** Hands out ten records at a time. */
  private static final class OrderedConsumer extends MockConsumer<byte[], byte[]> {

    private final Map<TopicPartition, Long> first = new HashMap<>();

    OrderedConsumer() {
      super("earliest");
      setMaxPollRecords(10);
      assign(List.of(A, B));
      updateBeginningOffsets(Map.of(A, 0L, B, 0L));
    }

    /** All records have the time of their offset. */
    @Override
    public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
        Map<TopicPartition, Long> times) {
      Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
      times.forEach(
          (partition, time) -> {
            long offset = Math.max(time, first.getOrDefault(partition, 0L));
            found.put(partition, new OffsetAndTimestamp(offset, offset));
          });
      return found;
    }

    void add(TopicPartition partition, long offset) {
      first.putIfAbsent(partition, offset);
      String json = ComparisonTest.answer(offset, null, "cat", 1, 1).toString(); // Avro's own
      add(partition, offset, json.getBytes(StandardCharsets.UTF_8));
    }

    void add(TopicPartition partition, long offset, byte[] value) {
      updateEndOffsets(Map.of(partition, offset + 1));
      addRecord(
          new ConsumerRecord<>(
              partition.topic(),
              partition.partition(),
              offset,
              offset,
              TimestampType.CREATE_TIME,
              0,
              value.length,
              new byte[0],
              value,
              new RecordHeaders(),
              Optional.empty()));
    }
  }

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void shouldHoldBackTheTopicThatIsAhead() {
    for (long offset = 0; offset < 500; offset++) {
      consumer.add(A, offset);
      consumer.add(B, offset);
    }

    ComparisonResult result = read(new AnswerTopics.Selection(null, null, Long.MAX_VALUE), 60);

    assertThat(result.both()).isEqualTo(500);
    assertThat(result.unpaired()).isZero();
  }

  @Test
  void shouldBeginWhereBothTopicsDoAndReadTheRestOfTheLongerOne() {
    for (long offset = 0; offset < 300; offset++) {
      consumer.add(A, offset);
    }
    for (long offset = 100; offset < 150; offset++) {
      consumer.add(B, offset);
    }

    ComparisonResult result = read(new AnswerTopics.Selection(null, null, Long.MAX_VALUE), 1000);

    assertThat(result.both()).isEqualTo(50);
    assertThat(result.outside()).as("150 to 299").isEqualTo(150);
  }

  @Test
  void shouldChooseImagesByTimeAndNumber() {
    for (long offset = 0; offset < 100; offset++) {
      consumer.add(A, offset);
      consumer.add(B, offset);
    }
    AnswerTopics.Selection some =
        new AnswerTopics.Selection(
            Instant.ofEpochMilli(20), Instant.ofEpochMilli(50), Long.MAX_VALUE);

    ComparisonResult result = read(some, 1000);
    assertThat(result.both()).isEqualTo(30);
    assertThat(result.images())
        .extracting(image -> image.position().offset())
        .startsWith(20L)
        .endsWith(49L);
  }

  @Test
  void shouldNameARecordThatIsNoPrediction() {
    consumer.add(A, 0);
    consumer.add(B, 0, "{}".getBytes(StandardCharsets.UTF_8));

    assertThatThrownBy(() -> read(new AnswerTopics.Selection(null, null, 10), 10))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("b/0/0 is no prediction: ");
  }

  private ComparisonResult read(AnswerTopics.Selection selection, int maxWaiting) {
    Comparison comparison = new Comparison(1000, maxWaiting);
    try (AnswerTopics topics = new AnswerTopics(consumer, registry, "a", "b")) {
      topics.read(selection, comparison);
      return comparison.result();
    }
  }
}
