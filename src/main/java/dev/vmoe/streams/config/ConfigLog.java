package dev.vmoe.streams.config;

import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.PipelineException;
import dev.vmoe.streams.topics.TopicPlan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * The configuration topic, read from its beginning: committed records only, without a consumer
 * group.
 *
 * <p>Where it ends is a matter of positions, never of counting: transactions leave offsets at which
 * there is no record, the last one among them.
 */
public final class ConfigLog implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

  private final TopicPartition partition;
  private final org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer;

  /** Opens the log that the instances of these settings follow; nothing is asked yet. */
  public static ConfigLog of(Settings settings) {
    return new ConfigLog(settings.consumerProperties(), settings.topic(TopicPlan.CONFIG));
  }

  /**
   * Opens a log; nothing is asked yet.
   *
   * @param properties of Kafka's consumer, without a group
   * @param topic full name
   */
  public ConfigLog(Map<String, ?> properties, String topic) {
    Map<String, Object> all = new HashMap<>(properties);
    // A single small record is worth an answer at once, whatever suits images.
    all.put(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1);
    partition = new TopicPartition(topic, 0);
    consumer = new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
  }

  /**
   * Reads on to where the committed part of the topic ends now.
   *
   * @param limit how long that may take, without what the receiver takes
   * @param receiver takes each record
   * @throws PipelineException if the end is not reached in time, or the topic cannot be read
   */
  public void readToEnd(Duration limit, Consumer<ConsumerRecord<byte[], byte[]>> receiver) {
    long end;
    try {
      end = Objects.requireNonNull(consumer.endOffsets(List.of(partition), limit).get(partition));
    } catch (KafkaException e) {
      throw unreadable(e.getMessage(), e);
    }
    readTo(end, limit, receiver);
  }

  /**
   * Returns the records up to where the committed part of the topic ends now.
   *
   * @param limit how long that may take
   * @param reader understands the records, or refuses them
   * @throws PipelineException if the log cannot be read to its end in time
   * @throws dev.vmoe.event.RegistryUnavailableException if the registry does not answer in time
   */
  public ConfigHistory history(Duration limit, ConfigReader reader) {
    List<ConfigEntry> entries = new ArrayList<>();
    readToEnd(limit, record -> entries.add(reader.read(record)));
    return new ConfigHistory(entries);
  }

  /** Returns the records up to this offset, as {@link #history(Duration, ConfigReader)} does. */
  ConfigHistory history(long end, Duration limit, ConfigReader reader) {
    List<ConfigEntry> entries = new ArrayList<>();
    readTo(end, limit, record -> entries.add(reader.read(record)));
    return new ConfigHistory(entries);
  }

  private void readTo(long end, Duration limit, Consumer<ConsumerRecord<byte[], byte[]>> receiver) {
    long leftNanos = limit.toNanos();
    while (true) {
      long startNanos = System.nanoTime();
      long position;
      Iterable<ConsumerRecord<byte[], byte[]>> records;
      try {
        position = consumer.position(partition, Duration.ofNanos(leftNanos));
        if (position >= end) {
          return;
        }
        records = consumer.poll(POLL);
      } catch (KafkaException e) {
        throw unreadable(e.getMessage(), e);
      }
      leftNanos -= System.nanoTime() - startNanos;
      records.forEach(receiver);
      if (leftNanos <= 0) {
        throw unreadable(
            "after " + limit.toMillis() + " ms at offset " + position + " of " + end, null);
      }
    }
  }

  private PipelineException unreadable(@Nullable String what, @Nullable Throwable cause) {
    return new PipelineException(
        "the configuration topic "
            + partition.topic()
            + " could not be read to its end: "
            + what
            + (cause instanceof RetriableException
                ? ". The brokers do not answer: check that they run"
                : ". Check the brokers, and that this user may read the topic"),
        cause);
  }

  /**
   * Waits for records that are new.
   *
   * @throws WakeupException after {@link #wakeUp()}
   */
  Iterable<ConsumerRecord<byte[], byte[]>> poll(Duration limit) {
    return consumer.poll(limit);
  }

  /** Ends the wait; may be called by any thread. */
  void wakeUp() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close(CloseOptions.timeout(CLOSE_LIMIT));
  }
}
