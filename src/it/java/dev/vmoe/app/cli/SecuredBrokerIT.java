package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.cli.SecuredBench.Outcome;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.PipelineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A broker with TLS and passwords: one settings file is enough for all commands. */
class SecuredBrokerIT {

  private static final String WRONG = "wrong horse";

  /** A failed line of the doctor that is due neither to rights nor to this machine. */
  private static final String FAILED_ELSEWHERE = "failed ++(?!rights|memory|temporary)";

  private static SecuredBench bench;

  @TempDir private Path folder;

  @BeforeAll
  static void open() throws Exception {
    bench = SecuredBench.open();
  }

  private Map<String, String> settings() {
    return bench.settings(SecuredBench.ALL);
  }

  private void done(String... command) throws Exception {
    Outcome outcome = SecuredBench.run(folder, settings(), command);
    assertThat(outcome.code()).as("%s", outcome).isZero();
  }

  @Test
  void shouldHaveADoctorWhoSeesTheRightsThatAreListedAndMissesOneThatIsNot() throws Exception {
    done("topics", "create");
    Outcome outcome = doctor(settings());
    assertThat(outcome.code()).as("%s", outcome).isZero();
    assertThat(outcome.out())
        .contains("(SASL_SSL, PLAIN)")
        .containsPattern(
            "ok +rights +sufficient for topics, groups and transactional ids of vmoe-streams\\s")
        .containsPattern("skipped +broker settings +this user may not read them")
        .doesNotContain(SecuredBench.password(SecuredBench.ALL));

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
                            "User:" + SecuredBench.ALL,
                            "*",
                            what.resourceType() == ResourceType.TOPIC
                                ? AclOperation.WRITE
                                : AclOperation.DESCRIBE,
                            AclPermissionType.DENY)))
            .toList();
    bench.grant(denied);
    try {
      outcome = doctor(settings());
      assertThat(outcome.code()).isEqualTo(VmoeCommand.FAILED);
      assertThat(outcome.out())
          .containsPattern("failed +rights .*: allow it Write on topic vmoe.predictions \\(")
          .containsPattern("failed +rights .*: allow it Read on group vmoe-streams \\(")
          .containsPattern(
              "failed +rights .*: allow it Write on transactional id vmoe-streams-\\* \\(")
          .doesNotContainPattern(FAILED_ELSEWHERE);
    } finally {
      bench.revoke(denied);
    }
  }

  @Test
  void shouldHaveADoctorWhoMissesARightOnTheGroup() throws Exception {
    done("topics", "create");
    Map<String, String> pipelines = bench.settings("pipeline");
    Map<String, String> doctors = settings();
    try (FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = SecuredBench.pipeline(pipelines, classifier)) {
      produce("s.grey");
      await().atMost(Duration.ofSeconds(60)).until(() -> classifier.runs() >= 1);
    }
    assertThat(doctor(doctors).out()).containsPattern("ok +rights +sufficient");
    AclBinding denied =
        new AclBinding(
            new ResourcePattern(ResourceType.GROUP, "vmoe-streams", PatternType.LITERAL),
            new AccessControlEntry(
                "User:" + SecuredBench.ALL, "*", AclOperation.READ, AclPermissionType.DENY));
    bench.grant(List.of(denied));
    try {
      assertThat(doctor(doctors).out())
          .containsPattern("failed +rights .*: allow it Read on group vmoe-streams \\(")
          .doesNotContainPattern(FAILED_ELSEWHERE);
    } finally {
      bench.revoke(List.of(denied));
    }
  }

  @Test
  void shouldCheckTheRestWhereATopicMayNotBeDescribed() throws Exception {
    done("topics", "create");
    List<AclBinding> denied =
        Stream.of("vmoe.predictions", "vmoe.images")
            .map(
                topic ->
                    new AclBinding(
                        new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                        new AccessControlEntry(
                            "User:" + SecuredBench.ALL,
                            "*",
                            topic.endsWith("images")
                                ? AclOperation.DESCRIBE
                                : AclOperation.DESCRIBE_CONFIGS,
                            AclPermissionType.DENY)))
            .toList();
    bench.grant(denied);
    try {
      Outcome outcome = doctor(settings());
      assertThat(outcome.code()).isEqualTo(VmoeCommand.FAILED);
      for (String topic : List.of("vmoe.predictions", "vmoe.images")) {
        assertThat(outcome.out())
            .containsPattern(
                "warning +topic %s +cannot be checked: .* allow it Describe and DescribeConfigs on topic %1$s "
                    .formatted(topic));
      }
      assertThat(outcome.out())
          .containsPattern("ok +topic vmoe.config +as planned")
          .containsPattern("failed +rights .*: allow it Read on topic vmoe.images ")
          .doesNotContainPattern(FAILED_ELSEWHERE);
    } finally {
      bench.revoke(denied);
    }
  }

  @Test
  void shouldHaveADoctorWhoSaysThatTheCredentialsAreWrong() throws Exception {
    Outcome outcome = doctor(bench.settings(SecuredBench.ALL, WRONG));
    assertThat(outcome.code()).isEqualTo(VmoeCommand.FAILED);
    assertThat(outcome.out())
        .containsPattern("failed +broker .*Invalid username or password.*correct the credentials")
        .doesNotContain(WRONG);
  }

  private Outcome doctor(Map<String, String> settings) throws IOException {
    Map<String, String> all = new HashMap<>(settings);
    all.put(Settings.MODEL, BundledModels.vmoe().toString());
    all.put(Settings.DEVICE, "cpu");
    all.put(Settings.CONSOLE_PORT, "0");
    all.put(Settings.COST_SURVEY_MS, "0");
    return SecuredBench.run(folder, all, "doctor");
  }

  @Test
  void shouldEndAnOpenTransactionWithTheRightsThatAreListed() throws Exception {
    done("topics", "create");
    Map<String, String> settings = bench.settings("pipeline");
    Map<String, Object> producer = new HashMap<>(SecuredBench.load(settings).producerProperties());
    producer.put("transactional.id", "vmoe-streams-850cdbc9-f9c9-4059-b14a-16727ec1c7b2-1");
    producer.put("transaction.timeout.ms", 300_000);
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (int partition = 0; partition < 6; partition++) {
      offsets.put(new TopicPartition("vmoe.images", partition), new OffsetAndMetadata(0));
    }
    try (KafkaProducer<byte[], byte[]> killed =
        new KafkaProducer<>(producer, new ByteArraySerializer(), new ByteArraySerializer())) {
      killed.initTransactions();
      killed.beginTransaction();
      killed.sendOffsetsToTransaction(offsets, new ConsumerGroupMetadata("vmoe-streams"));
      produce("e.grey");
      try (FakeClassifier classifier = new FakeClassifier();
          Pipeline pipeline = SecuredBench.pipeline(settings, classifier)) {
        await().atMost(Duration.ofSeconds(60)).until(() -> classifier.runs() >= 1);
        assertThat(pipeline.failure()).isEmpty();
      }
    }
  }

  private void produce(String name) throws Exception {
    done("produce", Files.write(folder.resolve(name), FakeDecoder.grey(200)).toString());
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

    Outcome outcome =
        SecuredBench.run(
            folder, bench.settings(SecuredBench.ALL, WRONG), arguments.toArray(String[]::new));

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(outcome.err())
        .startsWith("vmoe: ")
        .contains("Authentication failed: Invalid username or password")
        .doesNotContain(WRONG);
    assertThat(outcome.out()).isEmpty();
  }

  @Test
  void shouldNotStartAPipelineWhoseCredentialsAreWrong() {
    try (FakeClassifier classifier = new FakeClassifier()) {
      assertThatExceptionOfType(PipelineException.class)
          .isThrownBy(
              () -> SecuredBench.pipeline(bench.settings(SecuredBench.ALL, WRONG), classifier))
          .withMessageContaining(bench.kafka.bootstrapServers())
          .withMessageContaining("Authentication failed: Invalid username or password")
          .withMessageContaining("Check bootstrap.servers and the rights of this user")
          .withMessageNotContaining(WRONG);
    }
  }

  @Test
  void shouldNotTalkToABrokerWhoseCertificateNobodyVouchesFor() throws Exception {
    Map<String, String> trusting = settings();
    trusting.keySet().removeIf(key -> key.startsWith("streams.ssl."));
    assertThat(SecuredBench.run(folder, trusting, "topics", "describe"))
        .satisfies(
            outcome -> {
              assertThat(outcome.code()).isEqualTo(1);
              assertThat(outcome.err()).contains("SSL handshake failed", "streams.ssl.truststore");
            });

    Map<String, String> otherName = settings();
    otherName.replace(
        "bootstrap.servers", bench.kafka.bootstrapServers().replace("127.0.0.1", "localhost"));
    assertThat(SecuredBench.run(folder, otherName, "topics", "describe").err())
        .contains("SSL handshake failed");
  }

  @Test
  void shouldTakeTheAuthorityOfTheRegistryAsPem() throws Exception {
    Map<String, String> pem = settings();
    pem.keySet().removeIf(key -> key.contains("ssl.truststore"));
    for (String client : List.of("streams", "registry")) {
      pem.put(client + ".ssl.truststore.type", "PEM");
      pem.put(client + ".ssl.truststore.location", bench.certificates.trustPem().toString());
    }
    Outcome outcome = SecuredBench.run(folder, pem, "topics", "create");
    assertThat(outcome.code()).as("%s", outcome).isZero();
    Path image = Files.write(folder.resolve("p.grey"), FakeDecoder.grey(200));
    outcome = SecuredBench.run(folder, pem, "produce", image.toString());
    assertThat(outcome.code()).as("%s", outcome).isZero();
  }

  @Test
  void shouldSayWhatTheRegistryDoesNotLike() throws Exception {
    done("topics", "create");
    assertThat(produceWith("registry.basic.auth.user.info", "ann:" + WRONG))
        .contains("registry.basic.auth.user.info")
        .doesNotContain(WRONG);
    assertThat(produceWith("schema.registry.url", bench.registry.url("localhost")))
        .contains("registry.ssl.truststore.location", "localhost");
    assertThat(produceWith("registry.ssl.truststore.location", null))
        .contains("registry.ssl.truststore.location", "PKIX path building failed");
  }

  private String produceWith(String key, @Nullable String value) throws Exception {
    Map<String, String> settings = settings();
    if (value == null) {
      settings.keySet().removeIf(setting -> setting.startsWith("registry.ssl"));
    } else {
      settings.put(key, value);
    }
    Path image = Files.write(folder.resolve("r.grey"), FakeDecoder.grey(200));
    Outcome outcome = SecuredBench.run(folder, settings, "produce", image.toString());
    assertThat(outcome.code()).isEqualTo(1);
    return outcome.err();
  }
}
