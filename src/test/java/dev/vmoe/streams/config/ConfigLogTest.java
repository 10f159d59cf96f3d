package dev.vmoe.streams.config;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.streams.topics.PipelineException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ConfigLogTest {

  @Test
  @Timeout(30)
  void shouldSayInTimeThatTheTopicCannotBeRead() {
    try (ConfigLog log = new ConfigLog(Map.of("bootstrap.servers", "127.0.0.1:1"), "vmoe.config")) {
      assertThatExceptionOfType(PipelineException.class)
          .isThrownBy(() -> log.readToEnd(Duration.ofMillis(300), record -> {}))
          .withMessageContaining("the configuration topic vmoe.config could not be read to its end")
          .withMessageContaining("The brokers do not answer: check that they run");
    }
  }
}
