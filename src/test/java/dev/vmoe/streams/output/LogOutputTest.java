package dev.vmoe.streams.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.app.cli.VmoeCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import net.logstash.logback.encoder.LogstashEncoder;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The log as JSON: one object a line, whatever is logged. */
class LogOutputTest {

  private final LoggerContext context = new LoggerContext();
  private final LogstashEncoder encoder = LogOutput.encoder(context);

  private JsonNode line(String message, @Nullable Throwable failure, Object... values)
      throws IOException {
    LoggingEvent event =
        new LoggingEvent(
            "any", context.getLogger("dev.vmoe.Any"), Level.WARN, message, failure, values);
    event.setThreadName("a \"thread\"");
    event.setMDCPropertyMap(Map.of("batch", "7"));
    String text = new String(encoder.encode(event), StandardCharsets.UTF_8);
    assertThat(text).endsWith("\n");
    assertThat(text.strip().lines()).hasSize(1);
    return new ObjectMapper().readTree(text);
  }

  @Test
  void shouldHaveTimeLevelThreadLoggerMessageAndContext() throws IOException {
    JsonNode line = line("{} images of {}", null, 3, "ä");

    assertThat(Instant.parse(line.get("time").textValue())).isBefore(Instant.now().plusSeconds(1));
    assertThat(line.get("level").textValue()).isEqualTo("WARN");
    assertThat(line.get("thread").textValue()).isEqualTo("a \"thread\"");
    assertThat(line.get("logger").textValue()).isEqualTo("dev.vmoe.Any");
    assertThat(line.get("message").textValue()).isEqualTo("3 images of ä");
    assertThat(line.at("/mdc/batch").textValue()).isEqualTo("7");
    assertThat(line).hasSize(6);
  }

  @Test
  void shouldNeverHaveWhatRequestsSay() throws Exception {
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(Path.of("src/main/resources/logback.xml").toFile());
    context.getLogger("ROOT").setLevel(Level.DEBUG);

    assertThat(context.getLogger("org.eclipse.jetty.http.HttpParser").isDebugEnabled()).isFalse();
    assertThat(context.getLogger("org.apache.hc.client5.http.headers").isDebugEnabled()).isFalse();
    assertThat(context.getLogger("org.apache.kafka.clients").isDebugEnabled()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"two\nlines", "\r\n", "\u0000\u001b[31m", "{\"not\": \"mine\"}", "\\", "\ud800"})
  void shouldStayOneLineWhateverIsSaid(String message) throws IOException {
    assertThat(line("{}", null, message).get("message").textValue()).hasSameSizeAs(message);
  }

  @Test
  void shouldHaveTheStackOfAFailureWithItsCauses() throws IOException {
    Exception failure =
        new IllegalStateException("the\nouter", new IOException("the \"inner\" one"));

    assertThat(line("failed", failure).get("stack").textValue())
        .contains("IllegalStateException: the\nouter", "Caused by: java.io.IOException", "\tat ")
        .contains("the \"inner\" one");
  }

  @Test
  void shouldRefuseAFormatThatThereIsNot() {
    assertThatThrownBy(() -> LogOutput.follow(Map.of("VMOE_LOG_FORMAT", "josn", "VMOE_X", "1")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("variable VMOE_LOG_FORMAT: log.format: 'josn' is not");
    assertThatThrownBy(() -> LogOutput.follow(Map.of("VMOE_LOG_LEVEL", "loud")))
        .hasMessageContaining("variable VMOE_LOG_LEVEL: log.level: 'loud' is not")
        .hasMessageContaining("DEBUG");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run --nonsense", "run --settings SETTINGS", "nonsense", "doctor x"})
  void shouldSayWhatIsWrongWithACommandThoughTheLogIsOff(String command, @TempDir Path folder)
      throws Exception {
    Path settings = Files.writeString(folder.resolve("bad.properties"), "batch.max.image=3\n");
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    words.add("-Dlogback.configurationFile=logback.xml"); // not that of the tests
    words.addAll(List.of("-cp", System.getProperty("java.class.path")));
    words.add(VmoeCommand.class.getName());
    words.addAll(List.of(command.replace("SETTINGS", settings.toString()).split(" ")));
    Path err = folder.resolve("err");
    ProcessBuilder builder = new ProcessBuilder(words).redirectError(err.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "VMOE_LOG_FORMAT", "json", "VMOE_LOG_LEVEL", "OFF", "VMOE_KAFKA_LOG_LEVEL", "OFF"));

    Process process = builder.start();

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(VmoeCommand.USAGE);
    List<String> lines = Files.readAllLines(err);
    assertThat(lines).hasSize(1);
    JsonNode line = new ObjectMapper().readTree(lines.get(0));
    assertThat(line.get("level").textValue()).isEqualTo("ERROR");
    assertThat(line.get("message").textValue())
        .containsAnyOf("--nonsense", "batch.max.images", "'nonsense'", "'x'");
    assertThat(line.get("time").textValue()).endsWith("Z");
  }

  @Test
  void shouldFollowTheLevelsThatAreSet() {
    List<String> names = List.of("dev.vmoe", "ROOT");
    LoggerContext used = (LoggerContext) org.slf4j.LoggerFactory.getILoggerFactory();
    List<Level> before = names.stream().map(name -> used.getLogger(name).getLevel()).toList();
    try {
      LogOutput.follow(Map.of("VMOE_LOG_LEVEL", "debug", "VMOE_KAFKA_LOG_LEVEL", "ERROR"));

      assertThat(used.getLogger("dev.vmoe").getLevel()).isEqualTo(Level.DEBUG);
      assertThat(used.getLogger("ROOT").getLevel()).isEqualTo(Level.ERROR);
      assertThat(LogOutput.json()).isFalse();
    } finally {
      for (int i = 0; i < names.size(); i++) {
        used.getLogger(names.get(i)).setLevel(before.get(i));
      }
    }
  }
}
