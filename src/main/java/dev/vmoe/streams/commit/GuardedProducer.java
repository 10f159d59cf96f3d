package dev.vmoe.streams.commit;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.jspecify.annotations.Nullable;

/** A producer that puts each transaction's offsets past a {@link CommitGuard}. */
final class GuardedProducer implements Producer<byte[], byte[]> {

  private final Producer<byte[], byte[]> producer;
  private final String transactionalId;
  private final CommitGuard guard;
  private Map<TopicPartition, OffsetAndMetadata> sent = Map.of();

  GuardedProducer(Producer<byte[], byte[]> producer, String transactionalId, CommitGuard guard) {
    this.producer = producer;
    this.transactionalId = transactionalId;
    this.guard = guard;
  }

  @Override
  public void sendOffsetsToTransaction(
      Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata groupMetadata) {
    Map<TopicPartition, OffsetAndMetadata> guarded =
        guard.guarded(offsets, OffsetNote.Committer.of(transactionalId, groupMetadata));
    producer.sendOffsetsToTransaction(guarded, groupMetadata);
    sent = guarded;
  }

  @Override
  public void commitTransaction() {
    long startNanos = System.nanoTime();
    producer.commitTransaction();
    guard.committed(sent, Duration.ofNanos(System.nanoTime() - startNanos));
    sent = Map.of();
  }

  @Override
  public void initTransactions() {
    producer.initTransactions();
    rolledBack(); // what a producer before it had sent
  }

  @Override
  public void beginTransaction() {
    producer.beginTransaction();
  }

  @Override
  public void abortTransaction() {
    try {
      producer.abortTransaction();
    } finally {
      rolledBack();
    }
  }

  private void rolledBack() {
    sent = Map.of();
    guard.thread().rolledBack();
  }

  @Override
  public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
    return producer.send(record);
  }

  @Override
  public Future<RecordMetadata> send(
      ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
    return producer.send(record, callback);
  }

  @Override
  public void flush() {
    producer.flush();
  }

  @Override
  public List<PartitionInfo> partitionsFor(String topic) {
    return producer.partitionsFor(topic);
  }

  @Override
  public Map<MetricName, ? extends Metric> metrics() {
    return producer.metrics();
  }

  @Override
  public void registerMetricForSubscription(KafkaMetric metric) {
    producer.registerMetricForSubscription(metric);
  }

  @Override
  public void unregisterMetricFromSubscription(KafkaMetric metric) {
    producer.unregisterMetricFromSubscription(metric);
  }

  @Override
  public Uuid clientInstanceId(Duration timeout) {
    return producer.clientInstanceId(timeout);
  }

  @Override
  public void close() {
    producer.close();
  }

  @Override
  public void close(Duration timeout) {
    producer.close(timeout);
  }
}
