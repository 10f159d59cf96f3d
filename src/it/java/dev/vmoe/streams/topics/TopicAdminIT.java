package dev.vmoe.streams.topics;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicState.PlanStatus;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TopicAdminIT {

  private static Admin admin;

  private final TopicPlan plan =
      TopicPlan.read(Path.of(System.getProperty("vmoe.home", ".")).resolve("topology/topics.yaml"));

  /** The broker is shared by all tests of this JVM. */
  private final String prefix = "t" + UUID.randomUUID().toString().substring(0, 8) + ".";

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
    TopicAdmin topics = admin(Map.of("topic.prefix", prefix));

    assertThat(topics.describe(plan))
        .hasSize(5)
        .allSatisfy(state -> assertThat(state.status()).isEqualTo(PlanStatus.MISSING));
    assertThat(topics.create(plan))
        .hasSize(5)
        .allSatisfy(state -> assertThat(state.status()).isEqualTo(PlanStatus.CREATED))
        .allSatisfy(state -> assertThat(state.replicationFactor()).isEqualTo(1));
    assertThat(topics.create(plan))
        .hasSize(5)
        .allSatisfy(state -> assertThat(state.status()).isEqualTo(PlanStatus.AS_PLANNED));
    assertThat(topics.describe(plan)).isEqualTo(topics.create(plan));
    assertThat(admin.listTopics().names().get())
        .contains(prefix + "images", prefix + "config", prefix + "images.dlq");
  }

  private static TopicAdmin admin(Map<String, String> settings) {
    return new TopicAdmin(admin, new Settings(settings));
  }

  @Test
  void shouldLeaveSizeAndRetentionOfTopicsWithNamesOfTheirOwnToTheirOwner() throws Exception {
    TopicAdmin topics =
        admin(
            Map.of(
                "topic.prefix", prefix,
                "topics.images", prefix + "north, " + prefix + "south",
                "topics.predictions", prefix + "answers",
                "topics.config", prefix + "log"));
    admin
        .createTopics(
            List.of(
                new NewTopic(prefix + "north", 2, (short) 1)
                    .configs(Map.of("retention.ms", "1000", "max.message.bytes", "5000")),
                new NewTopic(prefix + "answers", 3, (short) 1),
                new NewTopic(prefix + "log", 2, (short) 1)))
        .all()
        .get();

    List<TopicState> states = topics.create(plan);

    assertThat(states)
        .extracting(TopicState::name, TopicState::status)
        .startsWith(
            tuple(prefix + "north", PlanStatus.AS_PLANNED),
            tuple(prefix + "south", PlanStatus.CREATED),
            tuple(prefix + "answers", PlanStatus.DIFFERENT),
            tuple(prefix + "expert-utilization", PlanStatus.CREATED),
            tuple(prefix + "log", PlanStatus.DIFFERENT));
    assertThat(states.get(1).partitions()).isEqualTo(6);
    assertThat(states.get(2).differences())
        .singleElement(as(STRING))
        .startsWith("message.timestamp.after.max.ms: ");
    assertThat(states.get(4).differences()).contains("partitions: 2, planned 1");
  }

  /** Asking for a topic that exists needs the right to create it, which its owner may not give. */
  @Test
  void shouldAskOnlyForTopicsThatAreMissing() throws Exception {
    admin(Map.of("topic.prefix", "asked.")).create(plan);
    admin.deleteTopics(Set.of("asked.images")).all().get();
    await().until(() -> !admin.listTopics().names().get().contains("asked.images"));
    List<String> asked = new ArrayList<>();
    Admin watched =
        (Admin)
            Proxy.newProxyInstance(
                Admin.class.getClassLoader(),
                new Class<?>[] {Admin.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("createTopics")) {
                    ((Collection<?>) arguments[0])
                        .forEach(topic -> asked.add(((NewTopic) topic).name()));
                  }
                  return method.invoke(admin, arguments);
                });

    new TopicAdmin(watched, new Settings(Map.of("topic.prefix", "asked."))).create(plan);

    assertThat(asked).containsExactly("asked.images");
  }

  @Test
  void shouldCreateOnlyWhatIsMissingAndChangeNothing() throws Exception {
    TopicAdmin topics = admin(Map.of("topic.prefix", prefix));
    topics.create(plan);
    admin.deleteTopics(Set.of(prefix + "images")).all().get();
    admin.createPartitions(Map.of(prefix + "predictions", NewPartitions.increaseTo(8))).all().get();
    ConfigResource config = new ConfigResource(ConfigResource.Type.TOPIC, prefix + "config");
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
            PlanStatus.AS_PLANNED);
    assertThat(states.get(1).differences()).containsExactly("partitions: 8, planned 6");
    assertThat(states.get(3).differences()).containsExactly("retention.ms: 1000, planned -1");
    assertThat(topics.describe(plan).get(1).partitions()).isEqualTo(8);
  }
}
