package dev.vmoe.container;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads committed predictions from outside the containers. */
final class Predictions implements AutoCloseable {

  private static final String TOPIC = "vmoe.predictions";

  private final RegistryClient registry;
  private final AvroDeserializer<Prediction> values;
  private final KafkaConsumer<String, byte[]> consumer;
  private final Map<String, Integer> times = new HashMap<>();
  private final List<Prediction> read = new ArrayList<>();

  Predictions(String bootstrapServers, String registryUrl) {
    registry = new RegistryClient(registryUrl, Map.of(), Duration.ofSeconds(30));
    values = new AvroDeserializer<>(registry, Prediction.class);
    consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed"),
            new StringDeserializer(),
            new ByteArrayDeserializer());
    List<TopicPartition> partitions =
        consumer.partitionsFor(TOPIC).stream()
            .map(info -> new TopicPartition(TOPIC, info.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /** Reads new predictions and returns all that were read so far. */
  List<Prediction> poll() {
    for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
      times.merge(record.key(), 1, Integer::sum);
      read.add(values.deserialize(TOPIC, record.value()));
    }
    return read;
  }

  /** Reads up to the current ends of the topic. */
  List<Prediction> pollToEnd() {
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      poll();
    }
    return read;
  }

  /** Returns how often each key was answered. */
  Map<String, Integer> times() {
    return times;
  }

  @Override
  public void close() {
    consumer.close();
    registry.close();
  }
}
