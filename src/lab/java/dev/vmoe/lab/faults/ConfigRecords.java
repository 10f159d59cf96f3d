package dev.vmoe.lab.faults;

import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.RegistryClient;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Writes records of the configuration topic, as any client would. */
final class ConfigRecords {

  private final String bootstrapServers;
  private final RegistryClient registry;
  private final String topic;

  /**
   * Opens nothing yet.
   *
   * @param registry of its own: records are written while the instances' registry fails
   */
  ConfigRecords(String bootstrapServers, RegistryClient registry, String topic) {
    this.bootstrapServers = bootstrapServers;
    this.registry = registry;
    this.topic = topic;
  }

  /** Writes a record that instances take; returns its offset. */
  long good(int pick) throws InterruptedException, ExecutionException {
    return write(
        PipelineConfig.newBuilder()
            .setCapacityMode("fixed")
            .setCapacityRatio(0.25 + pick % 9 / 10.0)
            .setBatchMaxImages(8 + pick % 9)
            .setNote("bench faults")
            .build());
  }

  /** Writes a record that instances refuse; returns its offset. */
  long bad(int pick) throws InterruptedException, ExecutionException {
    return write(
        pick % 2 == 0
            ? PipelineConfig.newBuilder().setCapacityRatio(-1.0).build()
            : PipelineConfig.newBuilder().setModel("no-such-model").build());
  }

  /** Writes a record that names a model; returns its offset. */
  long model(String name) throws InterruptedException, ExecutionException {
    return write(PipelineConfig.newBuilder().setModel(name).build());
  }

  /** Writes a record that returns everything to the settings; returns its offset. */
  long reset() throws InterruptedException, ExecutionException {
    return write(PipelineConfig.newBuilder().build());
  }

  private long write(PipelineConfig config) throws InterruptedException, ExecutionException {
    byte @Nullable [] value = new AvroSerializer<PipelineConfig>(registry).serialize(topic, config);
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.ACKS_CONFIG,
                "all"),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      return producer
          .send(new ProducerRecord<byte[], byte[]>(topic, 0, null, value))
          .get()
          .offset();
    }
  }
}
