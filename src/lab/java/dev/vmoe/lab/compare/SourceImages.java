package dev.vmoe.lab.compare;

import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.settings.EventFormat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.processor.api.Record;

/** Images that were answered, read again from their topics. */
public final class SourceImages implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(200);
  private static final long PATIENCE_NANOS = Duration.ofSeconds(10).toNanos();

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final RequestReader requests;

  /** What there is of an image: its encoded bytes, or why there are none. */
  @SuppressWarnings("ArrayRecordComponent")
  public record FoundImage(byte[] image, String problem) {

    static FoundImage not(String problem) {
      return new FoundImage(new byte[0], problem);
    }
  }

  /**
   * Opens a consumer.
   *
   * @param properties of Kafka's consumer, without a group
   * @param registry stays the caller's to close
   */
  public SourceImages(Map<String, Object> properties, RegistryClient registry) {
    this.consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    this.requests =
        new RequestReader(
            id -> Optional.of(registry.schema(id)), Integer.MAX_VALUE, EventFormat.AVRO, "");
  }

  /** Reads an image. */
  public FoundImage read(ImagePosition position) {
    TopicPartition partition = new TopicPartition(position.topic(), position.partition());
    try {
      consumer.assign(List.of(partition));
      Long begin = consumer.beginningOffsets(List.of(partition)).get(partition);
      if (begin == null || begin > position.offset()) {
        return FoundImage.not("no longer in its topic");
      }
      consumer.seek(partition, position.offset());
      long sinceNanos = System.nanoTime();
      while (consumer.position(partition) <= position.offset()
          && System.nanoTime() - sinceNanos < PATIENCE_NANOS) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          if (record.offset() == position.offset()) {
            byte[] image = image(record, position);
            return image.length == 0
                ? FoundImage.not("its bytes are not in the topic")
                : new FoundImage(image, "");
          }
        }
      }
      return FoundImage.not("not in its topic");
    } catch (BadRecordException | KafkaException e) {
      return FoundImage.not("it cannot be read: " + e.getMessage());
    }
  }

  private byte[] image(ConsumerRecord<byte[], byte[]> record, ImagePosition position)
      throws BadRecordException {
    return requests
        .read(
            new Record<>(
                record.key(), record.value(), Math.max(0, record.timestamp()), record.headers()),
            position)
        .orElseThrow()
        .image();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
