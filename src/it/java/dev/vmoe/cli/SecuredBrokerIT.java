package dev.vmoe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A broker that wants user and password: one settings file is enough for everything. */
class SecuredBrokerIT {

  private static final String PASSWORD = "correct horse";

  @TempDir private static Path data;
  private static EmbeddedKafka kafka;
  private static EmbeddedRegistry registry;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
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
                    + "';"));
    registry = EmbeddedRegistry.start();
  }

  @AfterAll
  static void stop() {
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
    }
    JsonNode prediction = new ObjectMapper().readTree(out.toString());
    assertThat(prediction.get("key").textValue()).isEqualTo("a.grey");
    assertThat(prediction.at("/value/top/0/label").textValue()).isEqualTo("grey-7");
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
    Settings loaded = new SettingsLoader(Map.of()).load(settings, Map.of(Settings.MODEL, "none"));
    return Pipeline.start(loaded, classifier, new FakeDecoder(8 * 8 * 3));
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(arguments);
  }
}
