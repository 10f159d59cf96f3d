package dev.vmoe.streams.topology;

import dev.vmoe.streams.settings.Settings;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.jspecify.annotations.Nullable;

/**
 * Times that the clients of an instance ask of the brokers, the user's settings counted in.
 *
 * @param transaction longest transaction
 * @param session time after which a silent member counts as gone
 */
public record ClientTimes(Duration transaction, Duration session) {

  /** Returns the times of an instance with these settings. */
  public static ClientTimes of(Settings settings) {
    StreamsConfig images =
        new StreamsConfig(
            new StreamsProperties(settings).streams(settings.getInt(Settings.IMAGE_MAX_BYTES)));
    Map<String, Object> consumer = images.getMainConsumerConfigs("any", "any", 0);
    return new ClientTimes(
        millis(images.getProducerConfigs("any").get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG)),
        millis(consumer.get(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG)));
  }

  private static Duration millis(@Nullable Object value) {
    return Duration.ofMillis(Long.parseLong(String.valueOf(value)));
  }
}
