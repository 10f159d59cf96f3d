package dev.vmoe.streams.topology;

import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.streams.StreamsConfig;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of Kafka Streams and its clients. {@link Settings} refuses what would break
 * delivery.
 */
public final class StreamsProperties {

  /** Room for what a dead letter has beside the record that it was. */
  private static final int RECORD_ROOM_BYTES = 1024 * 1024;

  static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(10);

  /**
   * Maximum time that a stream thread may wait for something beside Kafka. While it waits it
   * neither commits nor rejoins its group, and the transactions of the others wait for that, too.
   */
  public static final Duration MAX_WAIT = Duration.ofSeconds(3);

  /**
   * A task reads one partition, so it never has to wait for another one to come first. Streams
   * would still look, and format a message, for each record: a tenth of its thread's time.
   */
  private static final long ONE_INPUT = -1;

  private static final int BATCH_BYTES = 64 << 10;

  private final Settings settings;

  /**
   * Times that the clients of an instance ask of the brokers, the user's settings counted in.
   *
   * @param transaction longest transaction
   * @param session time after which a silent member counts as gone
   */
  public record ClientTimes(Duration transaction, Duration session) {}

  public StreamsProperties(Settings settings) {
    this.settings = settings;
  }

  /**
   * Returns the properties of Kafka Streams.
   *
   * @param largestRecordBytes bytes of the largest record that arrives or leaves
   */
  public Map<String, Object> streams(int largestRecordBytes) {
    Map<String, Object> all = new HashMap<>(defaults(largestRecordBytes));
    all.putAll(users(settings));
    all.put(StreamsConfig.APPLICATION_ID_CONFIG, settings.getString(Settings.APPLICATION_ID));
    all.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, settings.getString(Settings.BOOTSTRAP_SERVERS));
    all.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    return all;
  }

  /** Returns the times that the clients of an instance ask of the brokers. */
  public ClientTimes clientTimes() {
    StreamsConfig streams = new StreamsConfig(streams(settings.getInt(Settings.IMAGE_MAX_BYTES)));
    Map<String, Object> producer = streams.getProducerConfigs("any");
    Map<String, Object> consumer = streams.getMainConsumerConfigs("any", "any", 0);
    return new ClientTimes(
        millis(producer.get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG)),
        millis(consumer.get(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG)));
  }

  private static Duration millis(@Nullable Object value) {
    return Duration.ofMillis(Long.parseLong(String.valueOf(value)));
  }

  /** Returns the bytes of the largest record that the producers of these streams may send. */
  public static long largestSent(StreamsConfig streams) {
    Map<String, Object> producer = streams.getProducerConfigs("any");
    return Math.min(
        number(producer, ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
        number(producer, ProducerConfig.BUFFER_MEMORY_CONFIG));
  }

  private static long number(Map<String, Object> producer, String key) {
    return (Long) ConfigDef.parseType(key, String.valueOf(producer.get(key)), ConfigDef.Type.LONG);
  }

  private static Map<String, Object> users(Settings settings) {
    Map<String, Object> users = settings.withPrefix(Settings.STREAMS_PREFIX);
    for (String prefix :
        new String[] {Settings.CONSUMER_PREFIX, Settings.PRODUCER_PREFIX, Settings.ADMIN_PREFIX}) {
      settings.withPrefix(prefix).forEach((key, value) -> users.put(prefix + key, value));
    }
    return users;
  }

  private static Map<String, Object> defaults(int largestRecordBytes) {
    Map<String, Object> defaults = new HashMap<>();
    defaults.put(
        StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, Settings.DEFAULT_COMMIT_INTERVAL.toMillis());
    defaults.put(StreamsConfig.POLL_MS_CONFIG, 5);
    defaults.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, ONE_INPUT);
    // What is fetched and not yet processed is memory too: one poll's records wait in Streams, and
    // one fetch from each broker in the consumer. A record larger than a fetch still comes, alone.
    defaults.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 20);
    defaults.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 50);
    defaults.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MAX_BYTES_CONFIG), 16 << 20);
    defaults.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 1 << 20);
    // An instance that is killed during a rebalance is only missed after two of these.
    defaults.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6_000);
    defaults.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 1_000);
    defaults.put(
        StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
        (int) TRANSACTION_TIMEOUT.toMillis());
    // The broker checks a transaction's first batch for a partition with its coordinator; batches
    // that overtake the check are refused, and sent again after a pause.
    defaults.put(
        StreamsConfig.producerPrefix(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION), 1);
    // All is sent when it is committed, at the latest. Before that, each full batch is a request.
    defaults.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), BATCH_BYTES);
    // Dead letters that came compressed leave compressed, and utilization shrinks to a fraction;
    // lz4 costs least, and most clients of Kafka read it; kafkajs needs a codec.
    defaults.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    int recordBytes = Math.addExact(largestRecordBytes, RECORD_ROOM_BYTES);
    defaults.put(StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG), recordBytes);
    defaults.put(
        StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 2L * recordBytes);
    return defaults;
  }
}
