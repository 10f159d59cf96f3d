package dev.vmoe.streams.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicPlanTest {

  private static final Path SHIPPED =
      Path.of(System.getProperty("vmoe.home", ".")).resolve("topology/topics.yaml");

  @TempDir Path folder;

  @Test
  void shouldHaveASettingForTheNameOfEachTopic() {
    assertThat(TopicPlan.read(SHIPPED).topics())
        .extracting(TopicPlan.Topic::name)
        .allSatisfy(
            name ->
                assertThat(new Settings(Map.of("topics." + name, "mine")).topics(name))
                    .containsExactly("mine"));
  }

  @Test
  void shouldReadTheShippedFile() {
    TopicPlan plan = TopicPlan.read(SHIPPED);

    assertThat(plan.topics())
        .extracting(TopicPlan.Topic::name)
        .containsExactly("images", "predictions", "expert-utilization", "config", "images.dlq");
    assertThat(plan.topic(TopicPlan.CONFIG).partitions()).isEqualTo(1);
    assertThat(plan.topic(TopicPlan.CONFIG).config())
        .containsEntry("retention.ms", "-1")
        .containsEntry("cleanup.policy", "delete");
    assertThat(plan.topic(TopicPlan.PREDICTIONS).config())
        .containsEntry("message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE))
        .containsEntry("max.message.bytes", "2097152");
    assertThat(plan.topic(TopicPlan.EXPERT_UTILIZATION).config())
        .containsEntry("max.message.bytes", "16777216");
  }

  @Test
  void shouldBePackagedWithTheClasses() throws IOException {
    try (var resource = TopicPlan.class.getResourceAsStream("/topology/topics.yaml")) {
      assertThat(resource).isNotNull().hasBinaryContent(Files.readAllBytes(SHIPPED));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          partitions: 6       | partition: 6            | images: unknown key 'partition' (did you mean partitions?)
          partitions: 6       | partitions: six         | images: partitions is missing or not a whole number
          partitions: 6       | partitions: 0           | images: 0 partitions; at least 1 is needed
          partitions: 6       | partitions: 6.5         | images: partitions is missing or not a whole number
          partitions: 1       | partitions: 2           | config: 2 partitions
          replication-factor: -1 | replication-factor: 0 | replication-factor 0 is neither
          retention.ms        | retention.msec          | 'retention.msec' is no topic setting of Kafka (did you mean retention.ms?)
          predictions:        | prediction:             | unknown topic 'prediction' (did you mean predictions?)
          predictions:        | images:                 | Duplicate field 'images'
          20971520            | 16777216                | images.dlq: max.message.bytes 16777216 must be above that of images (16777216)
          2097152             | 524287                  | predictions: max.message.bytes 524287 must be at least 524288
          16777216            | large                   | images: max.message.bytes 'large' is not a whole number
          """)
  void shouldRefuseWhatIsNotUnderstood(String right, String wrong, String message)
      throws IOException {
    String text = Files.readString(SHIPPED);
    assertThat(text).contains(right);
    Path file = Files.writeString(folder.resolve("topics.yaml"), text.replaceFirst(right, wrong));

    assertThatThrownBy(() -> TopicPlan.read(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }

  @Test
  void shouldNameTheTopicThatIsMissing() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("topics.yaml"),
            "images: {partitions: 1, replication-factor: 1, config: {}}\n");

    assertThatThrownBy(() -> TopicPlan.read(file))
        .hasMessageEndingWith("topic 'predictions' is missing");
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "3, 2"})
  void shouldLetOneReplicaBeMissing(int replicas, String minInSync) {
    TopicPlan plan = TopicPlan.read(SHIPPED).withReplicationFactor(replicas);

    assertThat(plan.topics())
        .allSatisfy(
            topic -> {
              assertThat((int) topic.replicationFactor()).isEqualTo(replicas);
              assertThat(topic.config())
                  .containsAllEntriesOf(Map.of("min.insync.replicas", minInSync));
            });
  }
}
