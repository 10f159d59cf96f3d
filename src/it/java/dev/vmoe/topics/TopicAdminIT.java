package dev.vmoe.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.embedded.SharedServers;
import dev.vmoe.topics.TopicState.PlanStatus;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TopicAdminIT {

  private static Admin admin;

  private final TopicPlan plan =
      TopicPlan.read(Path.of(System.getProperty("vmoe.home", ".")).resolve("topology/topics.yaml"));

  @BeforeAll
  static void start() {
    String brokers = SharedServers.kafka().bootstrapServers();
    admin = Admin.create(Map.of("bootstrap.servers", brokers));
  }

  @AfterAll
  static void stop() {
    admin.close();
  }

  @Test
  void shouldCreateOnceAndThenFindEverythingAsPlanned() throws Exception {
    TopicAdmin topics = new TopicAdmin(admin, "once.");

    assertThat(topics.describe(plan))
        .hasSize(6)
        .allSatisfy(state -> assertThat(state.status()).isEqualTo(PlanStatus.MISSING));
    assertThat(topics.create(plan))
        .hasSize(6)
        .allSatisfy(state -> assertThat(state.status()).isEqualTo(PlanStatus.CREATED))
        .allSatisfy(state -> assertThat(state.replicationFactor()).isEqualTo(1));
    assertThat(topics.create(plan))
        .hasSize(6)
        .allSatisfy(state -> assertThat(state.status()).isEqualTo(PlanStatus.AS_PLANNED));
    assertThat(topics.describe(plan)).isEqualTo(topics.create(plan));
    assertThat(admin.listTopics().names().get())
        .contains("once.images", "once.config", "once.images.dlq", "once.routing-profile");
  }

  @Test
  void shouldCreateOnlyWhatIsMissingAndChangeNothing() throws Exception {
    TopicAdmin topics = new TopicAdmin(admin, "some.");
    topics.create(plan);
    admin.deleteTopics(Set.of("some.images")).all().get();
    admin.createPartitions(Map.of("some.predictions", NewPartitions.increaseTo(8))).all().get();
    ConfigResource config = new ConfigResource(ConfigResource.Type.TOPIC, "some.config");
    admin
        .incrementalAlterConfigs(
            Map.of(
                config,
                List.of(
                    new AlterConfigOp(
                        new ConfigEntry("retention.ms", "1000"), AlterConfigOp.OpType.SET))))
        .all()
        .get();

    // The brokers know it a little later.
    await()
        .untilAsserted(
            () ->
                assertThat(topics.describe(plan))
                    .extracting(TopicState::status)
                    .startsWith(
                        PlanStatus.MISSING,
                        PlanStatus.DIFFERENT,
                        PlanStatus.AS_PLANNED,
                        PlanStatus.DIFFERENT));

    List<TopicState> states = topics.create(plan);

    assertThat(states)
        .extracting(TopicState::status)
        .containsExactly(
            PlanStatus.CREATED,
            PlanStatus.DIFFERENT,
            PlanStatus.AS_PLANNED,
            PlanStatus.DIFFERENT,
            PlanStatus.AS_PLANNED,
            PlanStatus.AS_PLANNED);
    assertThat(states.get(1).differences()).containsExactly("partitions: 8, planned 6");
    assertThat(states.get(3).differences()).containsExactly("retention.ms: 1000, planned -1");
    assertThat(topics.describe(plan).get(1).partitions()).isEqualTo(8);
  }
}
