package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.settings.Settings;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PipelineConfigTest {

  @ParameterizedTest
  @CsvSource({
    "streams.processing.guarantee, at_least_once",
    "streams.processing.exception.handler, "
        + "org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler",
    "streams.production.exception.handler, x.Handler",
    "streams.errors.dead.letter.queue.topic.name, letters",
    "streams.application.id, other",
  })
  void shouldRefuseWhatWouldLoseOrRepeatImages(String key, String value) {
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> new PipelineConfig(new Settings(Map.of(key, value))))
        .withMessageContaining(key);
  }

  @Test
  void shouldAlwaysRunExactlyOnce() {
    assertThat(streams(Map.of("streams.processing.guarantee", "exactly_once_v2")))
        .containsEntry("processing.guarantee", "exactly_once_v2");
  }

  @Test
  void shouldPassOnWhatTheUserSetsForEachClient() {
    assertThat(
            streams(
                Map.of(
                    "streams.num.stream.threads", "3",
                    "consumer.session.timeout.ms", "20000",
                    "producer.compression.type", "zstd",
                    "admin.request.timeout.ms", "5000")))
        .containsEntry("num.stream.threads", "3")
        .containsEntry("consumer.session.timeout.ms", "20000")
        .containsEntry("producer.compression.type", "zstd")
        .containsEntry("admin.request.timeout.ms", "5000");
  }

  @Test
  void shouldLeaveRoomForTheLargestDeadLetter() {
    Map<String, Object> streams = new PipelineConfig(new Settings(Map.of())).streams(16_000_000);

    assertThat((int) streams.get("producer.max.request.size")).isGreaterThan(16_000_000);
    assertThat((long) streams.get("producer.buffer.memory"))
        .isGreaterThan((int) streams.get("producer.max.request.size"));
  }

  private static Map<String, Object> streams(Map<String, String> settings) {
    return new PipelineConfig(new Settings(settings)).streams(1_000_000);
  }
}
