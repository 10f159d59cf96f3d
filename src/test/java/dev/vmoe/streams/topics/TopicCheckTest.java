package dev.vmoe.streams.topics;

import static dev.vmoe.streams.topics.ShortTopics.TOPICS;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopicCheckTest {

  @Test
  void shouldSayThatNoBrokerAnswersRatherThanBlameRights() {
    TopicCheck check = new TopicCheck(TOPICS, Duration.ofMillis(500));

    assertThatExceptionOfType(PipelineException.class)
        .isThrownBy(() -> check.limits(Map.of("bootstrap.servers", "127.0.0.1:9"), 1000))
        .withMessageContaining("no Kafka broker answered at 127.0.0.1:9 (bootstrap.servers)")
        .withMessageNotContaining("rights");
  }
}
