package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.settings.Settings;
import java.util.Map;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;

class StreamsPropertiesTest {

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
  void shouldTellWhatItsProducersMaySend() {
    assertThat(largestSent(Map.of())).isEqualTo(1_000_000 + 1024 * 1024);
    assertThat(largestSent(Map.of("producer.max.request.size", "5000"))).isEqualTo(5000);
    assertThat(largestSent(Map.of("streams.producer.buffer.memory", "6000"))).isEqualTo(6000);
  }

  private static long largestSent(Map<String, String> settings) {
    return StreamsProperties.largestSent(new StreamsConfig(streams(settings)));
  }

  @Test
  void shouldCompressUnlessToldOtherwise() {
    assertThat(streams(Map.of())).containsEntry("producer.compression.type", "lz4");
  }

  @Test
  void shouldBoundWhatIsFetched() {
    assertThat(streams(Map.of()))
        .containsEntry("buffered.records.per.partition", 20)
        .containsEntry("consumer.max.poll.records", 50)
        .containsEntry("consumer.fetch.max.bytes", 16 * 1024 * 1024)
        .containsEntry("consumer.max.partition.fetch.bytes", 1024 * 1024);
  }

  @Test
  void shouldLeaveRoomForTheLargestDeadLetter() {
    Map<String, Object> streams = new StreamsProperties(new Settings(Map.of())).streams(16_000_000);

    assertThat((int) streams.get("producer.max.request.size")).isGreaterThan(16_000_000);
    assertThat((long) streams.get("producer.buffer.memory"))
        .isGreaterThan((int) streams.get("producer.max.request.size"));
  }

  private static Map<String, Object> streams(Map<String, String> settings) {
    return new StreamsProperties(new Settings(settings)).streams(1_000_000);
  }
}
