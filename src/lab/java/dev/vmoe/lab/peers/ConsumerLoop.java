package dev.vmoe.lab.peers;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Consume, transform, produce, exactly once: polls a batch, answers it, and commits answers and
 * offsets in one transaction from time to time.
 */
final class ConsumerLoop implements Runnable {

  private static final Logger log = LoggerFactory.getLogger(ConsumerLoop.class);

  private static final Duration IDLE_POLL = Duration.ofMillis(100);

  private final PeerJob job;
  private final BatchWork work;
  private final Duration commitEvery;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> producer;
  private final Thread thread;
  private volatile boolean stopped;
  private volatile @Nullable RuntimeException failure;

  /** Where the open transaction's images end; empty while none is open. */
  private final Map<TopicPartition, OffsetAndMetadata> answered = new HashMap<>();

  private long begunNanos;

  ConsumerLoop(PeerJob job, String name, BatchWork work, Duration commitEvery) {
    this.job = job;
    this.work = work;
    this.commitEvery = commitEvery;
    consumer = job.consumer(name, Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, job.batch()));
    producer = job.producer(name, Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, name));
    thread = new Thread(this, name);
  }

  void start() {
    thread.start();
  }

  @Override
  public void run() {
    try (consumer;
        producer) {
      producer.initTransactions();
      consumer.subscribe(List.of(job.images()), new CommitBeforeRevoked());
      while (!stopped) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(untilCommit());
        if (!records.isEmpty()) {
          answer(records);
        }
        if (!answered.isEmpty() && untilCommit().isZero()) {
          commit();
        }
      }
    } catch (WakeupException e) {
      if (!stopped) {
        throw e;
      }
    } catch (RuntimeException e) {
      log.error("{} failed", thread.getName(), e);
      failure = e;
    }
  }

  private void answer(ConsumerRecords<byte[], byte[]> records) {
    if (answered.isEmpty()) {
      producer.beginTransaction();
      begunNanos = System.nanoTime();
    }
    List<ConsumerRecord<byte[], byte[]>> batch = new ArrayList<>(records.count());
    records.forEach(batch::add);
    for (ProducerRecord<byte[], byte[]> answer : answers(batch)) {
      producer.send(answer);
    }
    answered.putAll(records.nextOffsets());
  }

  /** A producer does not close for half a minute while a transaction without a record is open. */
  private List<ProducerRecord<byte[], byte[]>> answers(List<ConsumerRecord<byte[], byte[]>> batch) {
    try {
      return work.answers(batch, job.predictions());
    } catch (RuntimeException e) {
      producer.abortTransaction();
      throw e;
    }
  }

  private Duration untilCommit() {
    if (answered.isEmpty()) {
      return IDLE_POLL;
    }
    Duration left = commitEvery.minusNanos(System.nanoTime() - begunNanos);
    return left.isNegative() ? Duration.ZERO : left;
  }

  private void commit() {
    producer.sendOffsetsToTransaction(answered, consumer.groupMetadata());
    producer.commitTransaction();
    answered.clear();
  }

  private final class CommitBeforeRevoked implements ConsumerRebalanceListener {

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      if (!answered.isEmpty()) {
        commit();
      }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      // the group knows where to go on
    }
  }

  /** Tells the loop to end. */
  void stop() {
    stopped = true;
    consumer.wakeup();
  }

  /**
   * Waits until it has ended.
   *
   * @throws IllegalStateException if it failed: what was measured was not this many loops
   */
  void awaitEnd() {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw new IllegalStateException(thread.getName() + " failed: " + failure, failure);
    }
  }
}
