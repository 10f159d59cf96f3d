package dev.vmoe.client;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads all partitions of one topic, without a consumer group: only what is committed, and nothing
 * that the reader leaves behind.
 */
public final class TopicReader implements AutoCloseable {

  /** No limit to the wait for the next record. */
  public static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private static final Duration POLL = Duration.ofMillis(200);

  private static final Duration STALLED = Duration.ofSeconds(30);

  private final Consumer<byte[], byte[]> consumer;

  /**
   * Finds the topic's partitions and stands at their beginning or end.
   *
   * @param properties of Kafka's consumer
   * @param topic full name
   * @param fromBeginning false: only what is committed from now on
   */
  public TopicReader(Map<String, ?> properties, String topic, boolean fromBeginning) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    all.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    consumer = new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    try {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(partition -> new TopicPartition(topic, partition.partition()))
              .toList();
      consumer.assign(partitions);
      if (fromBeginning) {
        consumer.seekToBeginning(partitions);
      } else {
        consumer.seekToEnd(partitions);
      }
      partitions.forEach(consumer::position); // seeking is lazy: stand there now, not at a poll
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  /**
   * Reads until enough records came, none came for a while, the receiver wants no more, or {@link
   * #stop()} was called.
   *
   * @param max records to read at most
   * @param idle longest wait for the next record
   * @param receiver takes one record and says whether it wants more
   * @return records read
   */
  public long read(long max, Duration idle, Predicate<ConsumerRecord<byte[], byte[]>> receiver) {
    long read = 0;
    long lastNanos = System.nanoTime();
    try {
      while (read < max) {
        long leftNanos = idle.toNanos() - (System.nanoTime() - lastNanos);
        if (leftNanos <= 0) {
          return read;
        }
        for (ConsumerRecord<byte[], byte[]> record :
            consumer.poll(Duration.ofNanos(Math.min(leftNanos, POLL.toNanos())))) {
          read++;
          if (!receiver.test(record) || read == max) {
            return read;
          }
          lastNanos = System.nanoTime();
        }
      }
    } catch (WakeupException e) {
      return read; // stop() was called
    }
    return read;
  }

  /**
   * Reads what is there when it is called.
   *
   * @throws TimeoutException if nothing more comes although the end is not reached
   */
  public void readToEnd(java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> receiver) {
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    long lastNanos = System.nanoTime();
    long before = -1;
    while (ends.entrySet().stream()
        .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
      consumer.poll(POLL).forEach(receiver);
      long now = ends.keySet().stream().mapToLong(consumer::position).sum();
      if (now != before) {
        before = now;
        lastNanos = System.nanoTime();
      } else if (System.nanoTime() - lastNanos > STALLED.toNanos()) {
        throw new TimeoutException(
            "no record for " + STALLED.toSeconds() + " s, before the end of " + ends.keySet());
      }
    }
  }

  /** Ends {@link #read} after the current record; may be called by any thread. */
  public void stop() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
