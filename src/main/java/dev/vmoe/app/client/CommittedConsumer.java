package dev.vmoe.app.client;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Consumers without a group that read what is committed. */
public final class CommittedConsumer {

  private CommittedConsumer() {}

  /**
   * Returns a consumer that stands at the end of every partition of these topics.
   *
   * @param bootstrapServers the brokers
   */
  public static KafkaConsumer<byte[], byte[]> fromNow(
      String bootstrapServers, String clientId, List<String> topics) {
    return open(
        Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            bootstrapServers,
            ConsumerConfig.CLIENT_ID_CONFIG,
            clientId,
            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
            "read_committed",
            ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
            5_000),
        topics,
        false);
  }

  /**
   * Returns a consumer that stands at the beginning or the end of every partition of these topics.
   *
   * @param properties of Kafka's consumer, without a group
   */
  public static KafkaConsumer<byte[], byte[]> open(
      Map<String, Object> properties, List<String> topics, boolean fromBeginning) {
    KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    try {
      List<TopicPartition> partitions =
          topics.stream()
              .flatMap(topic -> consumer.partitionsFor(topic).stream())
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      if (fromBeginning) {
        consumer.seekToBeginning(partitions);
      } else {
        consumer.seekToEnd(partitions);
      }
      partitions.forEach(consumer::position); // seeking is lazy: stand there now, not at a poll
      return consumer;
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }
}
