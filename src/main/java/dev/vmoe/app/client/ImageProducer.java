package dev.vmoe.app.client;

import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.event.SchemaRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends images to be classified. Idempotent and acknowledged by all in-sync replicas: what was
 * acknowledged is in the topic once.
 */
public final class ImageProducer implements AutoCloseable {

  /** So large that the topic's own limit decides, and several images fit while they are sent. */
  private static final int BUFFER_BYTES = 64 * 1024 * 1024;

  private final Producer<byte[], byte[]> producer;
  private final AvroSerializer<ImageRequest> serializer;
  private final String topic;

  /**
   * Creates a producer.
   *
   * @param properties of Kafka's producer; sizes and time limits have defaults fit for images
   * @param registry stays the caller's to close
   * @param topic full name of the images topic
   */
  public ImageProducer(Map<String, ?> properties, RegistryClient registry, String topic) {
    this(connect(properties), registry, topic);
  }

  ImageProducer(Producer<byte[], byte[]> producer, RegistryClient registry, String topic) {
    this.producer = producer;
    this.serializer = new AvroSerializer<>(registry);
    this.topic = topic;
  }

  private static Producer<byte[], byte[]> connect(Map<String, ?> properties) {
    Map<String, Object> all = new HashMap<>();
    all.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, BUFFER_BYTES);
    all.put(ProducerConfig.BUFFER_MEMORY_CONFIG, BUFFER_BYTES);
    all.putAll(properties);
    all.put(ProducerConfig.ACKS_CONFIG, "all");
    all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Sends a request. Waits while the buffer is full.
   *
   * @return where it was written, or why it was not
   * @throws RegistryUnavailableException if the registry does not answer in time
   * @throws SchemaRefusedException if the registry refuses the schema
   */
  public CompletableFuture<RecordMetadata> send(@Nullable String key, ImageRequest request) {
    return send(record(key, serializer.serialize(topic, request)));
  }

  /**
   * Sends bytes that need no registry: an image alone, or a request as JSON. Waits while the buffer
   * is full.
   *
   * @param contentType media type, {@code image/…} or {@code application/json}
   * @return where it was written, or why it was not
   */
  public CompletableFuture<RecordMetadata> sendRaw(
      @Nullable String key, byte[] value, String contentType) {
    ProducerRecord<byte[], byte[]> record = record(key, value);
    record
        .headers()
        .add(EventSerializer.CONTENT_TYPE, contentType.getBytes(StandardCharsets.UTF_8));
    return send(record);
  }

  private ProducerRecord<byte[], byte[]> record(@Nullable String key, byte @Nullable [] value) {
    return new ProducerRecord<>(
        topic, key == null ? null : key.getBytes(StandardCharsets.UTF_8), value);
  }

  private CompletableFuture<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
    CompletableFuture<RecordMetadata> outcome = new CompletableFuture<>();
    producer.send(
        record,
        (metadata, failure) -> {
          if (failure == null) {
            outcome.complete(metadata);
          } else {
            outcome.completeExceptionally(explained(failure, record.value()));
          }
        });
    return outcome;
  }

  private Exception explained(Exception failure, byte @Nullable [] value) {
    if (failure instanceof RecordTooLargeException && value != null) {
      return new RecordTooLargeException(
          value.length
              + " bytes are more than topic "
              + topic
              + " takes (max.message.bytes): "
              + failure.getMessage(),
          failure);
    }
    return failure;
  }

  /** Waits until the outcome of everything sent so far is known. */
  public void flush() {
    producer.flush();
  }

  /** Waits for what is on its way, then closes the connection. */
  @Override
  public void close() {
    producer.close();
  }
}
