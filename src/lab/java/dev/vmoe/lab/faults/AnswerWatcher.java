package dev.vmoe.lab.faults;

import dev.vmoe.app.client.CommittedConsumer;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.settings.DaemonThread;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * A read_committed client that notes when it sees which prediction of a usual image, from now on.
 */
final class AnswerWatcher implements AutoCloseable {

  private static final Duration CHECK_EVERY = Duration.ofMillis(100);
  private static final Duration POLL = Duration.ofMillis(100);

  private final ArrivalLog log = new ArrivalLog();
  private final LocalAvro<Prediction> predictions = new LocalAvro<>(Prediction.class);
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Thread thread;
  private volatile @Nullable Throwable failure;

  /** Watches a topic of predictions. */
  AnswerWatcher(String bootstrapServers, String topic) {
    consumer = CommittedConsumer.fromNow(bootstrapServers, "answer-watcher", List.of(topic));
    thread = DaemonThread.start(this::watch, "answer-watcher");
  }

  private void watch() {
    try (consumer) {
      while (true) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          if (new String(record.key(), StandardCharsets.UTF_8).startsWith(Bomb.KEY)) {
            continue; // not what waits, but what it waits for
          }
          Prediction prediction = predictions.read(Objects.requireNonNull(record.value()));
          String batch = prediction.getBatchId();
          log.add(
              prediction.getSourcePartition(),
              System.nanoTime(),
              record.timestamp(),
              batch.substring(0, batch.indexOf('-')),
              prediction.getModel());
        }
      }
    } catch (WakeupException e) {
      // closed
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  /**
   * Returns what was seen.
   *
   * @throws IllegalStateException if watching has failed
   */
  ArrivalLog log() {
    Throwable cause = failure;
    if (cause != null) {
      throw new IllegalStateException("the client that reads predictions failed", cause);
    }
    return log;
  }

  /**
   * Waits until each of the first partitions has an answer to an image sent at this time or later;
   * returns when the last one had it, in nanoseconds; empty if not within the limit.
   *
   * @param sentMs milliseconds since 1970
   * @param models that must give the answer, by name
   */
  OptionalLong await(long sentMs, int partitions, Predicate<String> models, Duration limit)
      throws InterruptedException {
    List<Integer> all = IntStream.range(0, partitions).boxed().toList();
    long endNanos = System.nanoTime() + limit.toNanos();
    OptionalLong answered = log().answeredSince(sentMs, all, models);
    while (answered.isEmpty() && System.nanoTime() - endNanos < 0) {
      Thread.sleep(CHECK_EVERY.toMillis());
      answered = log().answeredSince(sentMs, all, models);
    }
    return answered;
  }

  /** Waits for answers by any model, as above. */
  OptionalLong await(long sentMs, int partitions, Duration limit) throws InterruptedException {
    return await(sentMs, partitions, model -> true, limit);
  }

  @Override
  public void close() {
    consumer.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
