package dev.vmoe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.embedded.EmbeddedKafka;
import dev.vmoe.embedded.EmbeddedRegistry;
import dev.vmoe.image.FakeDecoder;
import dev.vmoe.inference.FakeClassifier;
import dev.vmoe.settings.Settings;
import dev.vmoe.settings.SettingsLoader;
import dev.vmoe.streams.Pipeline;
import dev.vmoe.streams.PipelineException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A broker that wants user and password and gives that user no more rights than delivery.md lists:
 * one settings file is enough for everything.
 */
class SecuredBrokerIT {

  private static final String PASSWORD = "correct horse";

  @TempDir private static Path data;
  private static EmbeddedKafka kafka;
  private static EmbeddedRegistry registry;
  private static Admin admin;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws Exception {
    kafka =
        EmbeddedKafka.start(
            data,
            Map.of(
                // The listener keeps its name.
                "listener.security.protocol.map",
                "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT",
                "inter.broker.listener.name",
                "PLAINTEXT",
                "sasl.enabled.mechanisms",
                "PLAIN",
                "sasl.mechanism.inter.broker.protocol",
                "PLAIN",
                "listener.name.plaintext.plain.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required"
                    + " username='broker' password='battery' user_broker='battery' user_vmoe='"
                    + PASSWORD
                    + "';",
                "authorizer.class.name",
                "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users",
                "User:broker;User:ANONYMOUS")); // the controller's listener knows no names
    registry = EmbeddedRegistry.start();
    admin = superUser();
    grant();
  }

  private static void grant() throws Exception {
    List<AclBinding> rights = new ArrayList<>();
    grant(
        rights,
        ResourceType.TOPIC,
        "vmoe.",
        AclOperation.CREATE,
        AclOperation.READ,
        AclOperation.WRITE,
        AclOperation.DESCRIBE_CONFIGS);
    grant(rights, ResourceType.GROUP, "vmoe-streams", AclOperation.READ);
    grant(rights, ResourceType.TRANSACTIONAL_ID, "vmoe-streams", AclOperation.WRITE);
    grant(
        rights,
        ResourceType.TRANSACTIONAL_ID,
        "vmoe.config-writer",
        AclOperation.WRITE,
        AclOperation.DESCRIBE);
    grant(
        rights,
        ResourceType.TOPIC,
        "vmoe-streams-routing-profile-",
        AclOperation.CREATE,
        AclOperation.READ,
        AclOperation.WRITE,
        AclOperation.DELETE);
    admin.createAcls(rights).all().get();
  }

  private static Admin superUser() {
    return Admin.create(
        Map.of(
            "bootstrap.servers",
            kafka.bootstrapServers(),
            "security.protocol",
            "SASL_PLAINTEXT",
            "sasl.mechanism",
            "PLAIN",
            "sasl.jaas.config",
            "org.apache.kafka.common.security.plain.PlainLoginModule required"
                + " username='broker' password='battery';"));
  }

  private static void grant(
      List<AclBinding> rights, ResourceType type, String prefix, AclOperation... operations) {
    for (AclOperation operation : operations) {
      rights.add(
          new AclBinding(
              new ResourcePattern(type, prefix, PatternType.PREFIXED),
              new AccessControlEntry("User:vmoe", "*", operation, AclPermissionType.ALLOW)));
    }
  }

  @AfterAll
  static void stop() {
    admin.close();
    registry.close();
    kafka.close();
  }

  @Test
  void shouldBringAnImageThroughWithTheCredentialsInTheSettings() throws Exception {
    Path settings = settings(PASSWORD);
    Path image = Files.write(folder.resolve("a.grey"), FakeDecoder.grey(200));

    assertThat(run("topics", "create", "--settings", settings.toString())).as("%s", err).isZero();
    try (FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = pipeline(settings, classifier)) {
      assertThat(pipeline.awaitRunning(Duration.ofSeconds(60))).isTrue();
      assertThat(run("produce", "--settings", settings.toString(), image.toString()))
          .as("%s", err)
          .isZero();
      assertThat(
              run(
                  "consume",
                  "--settings",
                  settings.toString(),
                  "--from-beginning",
                  "--max",
                  "1",
                  "--timeout",
                  "60"))
          .as("%s", err)
          .isZero();
      // the profile's own topics are made, written, read and purged by the same user
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !pipeline.routingProfile().orElseThrow().isEmpty());
      await().atMost(Duration.ofSeconds(60)).until(SecuredBrokerIT::purged);
    }
    JsonNode prediction = new ObjectMapper().readTree(out.toString());
    assertThat(prediction.get("key").textValue()).isEqualTo("a.grey");
    assertThat(prediction.at("/value/top/0/label").textValue()).isEqualTo("grey-7");
  }

  @Test
  void shouldWriteAConfigurationWithTheRightsThatAreListed() throws Exception {
    Path settings = settings(PASSWORD);
    assertThat(run("topics", "create", "--settings", settings.toString())).as("%s", err).isZero();
    assertThat(run("config", "set", "routing=vanilla", "--settings", settings.toString()))
        .as("%s", err)
        .isZero();
    assertThat(run("config", "reset", "--settings", settings.toString())).as("%s", err).isZero();
  }

  @Test
  void shouldHaveADoctorWhoSeesTheRightsThatAreListedAndMissesOneThatIsNot() throws Exception {
    Path settings = settings(PASSWORD);
    assertThat(run("topics", "create", "--settings", settings.toString())).as("%s", err).isZero();
    String[] doctor = {
      "doctor",
      "--settings",
      settings.toString(),
      "--set",
      "model=" + BundledModels.vmoe(),
      "--set",
      "device=cpu",
      "--set",
      "console.port=0"
    };
    assertThat(run(doctor)).as("%s", out).isZero();
    assertThat(out.toString())
        .contains("(SASL_PLAINTEXT, PLAIN)")
        .containsPattern("ok +rights +topics, and groups and transactional ids vmoe-streams, ")
        .containsPattern("skipped +broker settings +may not be read")
        .doesNotContain(PASSWORD);

    List<AclBinding> denied =
        Stream.of(
                new ResourcePattern(ResourceType.TOPIC, "vmoe.predictions", PatternType.LITERAL),
                new ResourcePattern(ResourceType.GROUP, "vmoe-streams", PatternType.PREFIXED),
                new ResourcePattern(
                    ResourceType.TRANSACTIONAL_ID, "vmoe-streams", PatternType.PREFIXED))
            .map(
                what ->
                    new AclBinding(
                        what,
                        new AccessControlEntry(
                            "User:vmoe",
                            "*",
                            what.resourceType() == ResourceType.TOPIC
                                ? AclOperation.WRITE
                                : AclOperation.DESCRIBE,
                            AclPermissionType.DENY)))
            .toList();
    admin.createAcls(denied).all().get();
    try {
      assertThat(run(doctor)).isEqualTo(1);
      assertThat(out.toString())
          .containsPattern("failed +rights +topic vmoe.predictions: \\[WRITE] is not allowed")
          .containsPattern("failed +rights +group vmoe-streams: \\[READ] is not allowed")
          .containsPattern(
              "failed +rights +transactional id vmoe-streams-doctor: \\[WRITE] is not");
    } finally {
      admin.deleteAcls(denied.stream().map(AclBinding::toFilter).toList()).all().get();
    }

    doctor[2] = settings("wrong horse").toString();
    assertThat(run(doctor)).isEqualTo(1);
    assertThat(out.toString())
        .containsPattern("failed +broker .*Invalid username or password.*correct the credentials")
        .doesNotContain("wrong horse");
  }

  @Test
  void shouldAnswerImagesAndTryAgainWhileTheProfileMayNotBeReadOrIsTakenAway() throws Exception {
    Path settings = settings(PASSWORD);
    assertThat(run("topics", "create", "--settings", settings.toString())).as("%s", err).isZero();
    AclBinding denied =
        new AclBinding(
            new ResourcePattern(ResourceType.TOPIC, "vmoe.routing-profile", PatternType.LITERAL),
            new AccessControlEntry("User:vmoe", "*", AclOperation.ALL, AclPermissionType.DENY));
    admin.createAcls(List.of(denied)).all().get();
    try (FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = pipeline(settings, classifier)) {
      assertThat(pipeline.awaitRunning(Duration.ofSeconds(60))).isTrue();
      produce(settings, "b.grey");
      await().atMost(Duration.ofSeconds(60)).until(() -> classifier.runs() >= 1);
      awaitStandstill(pipeline, "vmoe.routing-profile");
      assertThat(pipeline.routingProfile().orElseThrow()).isEmpty();

      admin.deleteAcls(List.of(denied.toFilter())).all().get();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !pipeline.routingProfile().orElseThrow().isEmpty());
      await().atMost(Duration.ofSeconds(60)).until(() -> pipeline.profileStandstill().isEmpty());

      admin.createAcls(List.of(denied)).all().get(); // now the table's own thread fails
      awaitStandstill(pipeline, "vmoe.routing-profile");
      assertThat(pipeline.routingProfile().orElseThrow()).isNotEmpty();
      int runs = classifier.runs();
      produce(settings, "c.grey");
      await().atMost(Duration.ofSeconds(60)).until(() -> classifier.runs() > runs);

      admin.deleteAcls(List.of(denied.toFilter())).all().get();
      await().atMost(Duration.ofSeconds(60)).until(() -> pipeline.profileStandstill().isEmpty());
      assertThat(pipeline.failure()).isEmpty();
    } finally {
      admin.deleteAcls(List.of(denied.toFilter())).all().get();
    }
  }

  private static void awaitStandstill(Pipeline pipeline, String why) {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(pipeline.profileStandstill())
                    .hasValueSatisfying(it -> assertThat(it).contains(why)));
  }

  private void produce(Path settings, String name) throws IOException {
    Path image = Files.write(folder.resolve(name), FakeDecoder.grey(200));
    assertThat(run("produce", "--settings", settings.toString(), image.toString()))
        .as("%s", err)
        .isZero();
  }

  /** Returns whether what was read of a topic between two parts of the profile is deleted. */
  private static boolean purged() throws Exception {
    Map<TopicPartition, OffsetSpec> earliest = new HashMap<>();
    for (int partition = 0; partition < 3; partition++) {
      earliest.put(
          new TopicPartition("vmoe-streams-routing-profile-by-class-repartition", partition),
          OffsetSpec.earliest());
    }
    return admin.listOffsets(earliest).all().get().values().stream()
        .anyMatch(first -> first.offset() > 0);
  }

  static Stream<List<String>> commands() {
    return Stream.of(
        List.of("topics", "create"),
        List.of("topics", "describe"),
        List.of("config", "show"),
        List.of("produce", "."),
        List.of("consume", "--max", "1", "--timeout", "60"));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldSayThatTheCredentialsAreWrong(List<String> command) throws IOException {
    Files.write(folder.resolve("a.png"), FakeDecoder.grey(1));
    List<String> arguments = new ArrayList<>(command);
    arguments.replaceAll(argument -> argument.equals(".") ? folder.toString() : argument);
    arguments.addAll(List.of("--settings", settings("wrong horse").toString()));

    assertThat(run(arguments.toArray(String[]::new))).isEqualTo(1);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString())
        .startsWith("vmoe: ")
        .contains("Authentication failed: Invalid username or password")
        .doesNotContain("wrong horse");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldNotStartAPipelineWhoseCredentialsAreWrong() throws IOException {
    Path settings = settings("wrong horse");

    try (FakeClassifier classifier = new FakeClassifier()) {
      assertThatExceptionOfType(PipelineException.class)
          .isThrownBy(() -> pipeline(settings, classifier))
          .withMessageContaining(kafka.bootstrapServers())
          .withMessageContaining("Authentication failed: Invalid username or password")
          .withMessageContaining("Check bootstrap.servers, and the rights of this user")
          .withMessageNotContaining("wrong horse");
    }
  }

  private Path settings(String password) throws IOException {
    return Files.writeString(
        folder.resolve("vmoe.properties"),
        """
        bootstrap.servers = %s
        schema.registry.url = %s
        streams.security.protocol = SASL_PLAINTEXT
        streams.sasl.mechanism = PLAIN
        streams.sasl.jaas.config = org.apache.kafka.common.security.plain.PlainLoginModule required \
        username='vmoe' password='%s';
        """
            .formatted(kafka.bootstrapServers(), registry.url(), password));
  }

  private static Pipeline pipeline(Path settings, FakeClassifier classifier) {
    Settings loaded =
        new SettingsLoader(Map.of())
            .load(
                settings,
                Map.of(
                    Settings.MODEL,
                    "none",
                    Settings.ROUTING_PROFILE_INTERVAL_MS,
                    "200",
                    "streams.repartition.purge.interval.ms",
                    "100"));
    return Pipeline.start(loaded, classifier, new FakeDecoder(8 * 8 * 3));
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(arguments);
  }
}
