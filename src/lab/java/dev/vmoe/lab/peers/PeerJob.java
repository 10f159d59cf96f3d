package dev.vmoe.lab.peers;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What a peer has to do in a round.
 *
 * @param bootstrapServers the brokers
 * @param group its consumer group, which nobody used before; names of its clients begin with it
 * @param images topic to read from the beginning
 * @param predictions topic to answer on
 * @param cores of this machine
 * @param work makes what turns images into predictions
 */
record PeerJob(
    String bootstrapServers,
    String group,
    String images,
    String predictions,
    int cores,
    PeerWork work) {

  /** Returns the maximum images of a run of the model. */
  int batch() {
    return work.oneRun().batch();
  }

  /** Returns a consumer in the peer's group that reads what is committed and commits nothing. */
  KafkaConsumer<byte[], byte[]> consumer(String clientId, Map<String, Object> more) {
    Map<String, Object> properties = new HashMap<>(more);
    properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    properties.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** Returns an idempotent producer with Kafka's defaults. */
  KafkaProducer<byte[], byte[]> producer(String clientId, Map<String, Object> more) {
    Map<String, Object> properties = new HashMap<>(more);
    properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    properties.put(ProducerConfig.CLIENT_ID_CONFIG, clientId);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }
}
