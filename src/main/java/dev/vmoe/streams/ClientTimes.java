package dev.vmoe.streams;

import dev.vmoe.settings.Settings;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.jspecify.annotations.Nullable;

/**
 * Times that the clients of an instance ask of the brokers, the user's settings counted in.
 *
 * @param transaction longest transaction of the images
 * @param profileTransaction longest transaction of the routing profile
 * @param session time after which a silent member counts as gone
 * @param heartbeat time between two signs of life of a member
 */
public record ClientTimes(
    Duration transaction, Duration profileTransaction, Duration session, Duration heartbeat) {

  /** Returns the times of an instance with these settings. */
  public static ClientTimes of(Settings settings) {
    StreamsProperties properties = new StreamsProperties(settings);
    StreamsConfig images =
        new StreamsConfig(properties.streams(settings.getInt(Settings.IMAGE_MAX_BYTES)));
    Map<String, Object> consumer = images.getMainConsumerConfigs("any", "any", 0);
    return new ClientTimes(
        transaction(images),
        transaction(new StreamsConfig(properties.routingProfile())),
        millis(consumer.get(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG)),
        millis(consumer.get(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG)));
  }

  private static Duration transaction(StreamsConfig streams) {
    return millis(streams.getProducerConfigs("any").get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG));
  }

  private static Duration millis(@Nullable Object value) {
    return Duration.ofMillis(Long.parseLong(String.valueOf(value)));
  }
}
