package dev.vmoe.app.client;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.WakeupException;

/**
 * Reads all partitions of topics, without a consumer group: only what is committed, and nothing
 * that the reader leaves behind.
 */
public final class TopicReader implements AutoCloseable {

  /** No limit to the wait for the next record. */
  public static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

  private static final Duration POLL = Duration.ofMillis(200);

  private final Consumer<byte[], byte[]> consumer;

  /**
   * Finds the topics' partitions and stands at their beginning or end.
   *
   * @param properties of Kafka's consumer, without a group
   * @param topics full names
   * @param fromBeginning false: only what is committed from now on
   */
  public TopicReader(Map<String, Object> properties, List<String> topics, boolean fromBeginning) {
    consumer = CommittedConsumer.open(properties, topics, fromBeginning);
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

  /** Ends {@link #read} after the current record; may be called by any thread. */
  public void stop() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
