package dev.vmoe.streams.topics;

import static dev.vmoe.streams.topics.ShortTopics.TOPICS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.settings.Settings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopicLimitsTest {

  @Test
  void shouldFindNothingWrongWithRoomForAll() {
    for (TopicLimits limits :
        List.of(
            new TopicLimits(1000, 524_288, 1000, 1001),
            TopicLimits.assumed(1000),
            TopicLimits.known(Map.of()))) {
      assertThat(limits.predictionsProblem(TOPICS)).isEmpty();
      assertThat(limits.deadLettersProblem(TOPICS)).isEmpty();
    }
  }

  @Test
  void shouldNameTheTopicsThatTakeTooLittle() {
    TopicLimits limits = new TopicLimits(1000, 524_287, 1000, 1000);

    assertThat(limits.deadLettersProblem(TOPICS))
        .get()
        .asString()
        .contains("images takes records of at most 1000", "dlq of 1000");
    assertThat(limits.predictionsProblem(TOPICS))
        .get()
        .asString()
        .contains("predictions takes records of at most 524287", "to 524288 or more");
  }

  @Test
  void shouldNameATopicThatDoesNotTakeTheLargestEventOfAModel() {
    TopicLimits limits = new TopicLimits(1000, 524_288, 1_048_588, 1001);

    assertThat(limits.utilizationProblem(TOPICS, 1_048_588)).isEmpty();
    assertThat(limits.utilizationProblem(TOPICS, 1_048_589))
        .get()
        .asString()
        .contains("utilization takes records of at most 1048588")
        .contains("up to 1048589 bytes", "raise its max.message.bytes");
  }

  @Test
  void shouldTellTheLargestRecordOnTheWay() {
    assertThat(new TopicLimits(1, 2, 3, 9).largestRecord()).isEqualTo(3);
    assertThat(new TopicLimits(4, 2, 3, 9).largestRecord()).isEqualTo(4);
  }

  @Test
  void shouldNameAllTopicsOfImagesWhereOneMayBeTooLarge() {
    Topics topics = Topics.of(new Settings(Map.of("topics.images", "north,south")));

    assertThat(new TopicLimits(1000, 524_288, 1000, 1000).deadLettersProblem(topics))
        .get()
        .asString()
        .startsWith("north or south takes records of at most 1000 bytes");
  }
}
