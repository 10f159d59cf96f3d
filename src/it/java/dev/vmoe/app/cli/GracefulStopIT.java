package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.ChildCommand;
import dev.vmoe.app.embedded.EmbeddedKafka;
import dev.vmoe.app.embedded.EmbeddedRegistry;
import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.image.PngEncoder;
import dev.vmoe.importer.bundled.BundledModels;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Processes under load end within {@code stop.timeout.ms} when told to stop, even if something
 * hangs.
 */
@Timeout(180)
class GracefulStopIT {

  private static final Duration DEFAULT_BOUND = Duration.ofSeconds(25);

  /** Time for the end of the JVM, on a busy machine. */
  private static final Duration SLACK = Duration.ofSeconds(3);

  private static final int TERMINATED = 143;

  private static final Logger log = LoggerFactory.getLogger(GracefulStopIT.class);

  private static EmbeddedKafka kafka;
  private static EmbeddedRegistry registry;

  /** Names the topics and the application of one test. */
  private final String name = "stop" + UUID.randomUUID().toString().substring(0, 8);

  @TempDir private Path folder;

  @BeforeAll
  static void startBroker() {
    kafka = SharedServers.kafka();
    registry = SharedServers.registry();
  }

  @BeforeEach
  void createTopics() {
    createTopics(kafka.bootstrapServers());
  }

  private void createTopics(String brokers) {
    assertThat(
            VmoeCommand.commandLine(
                    new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()), null)
                .execute(
                    "topics",
                    "create",
                    "--bootstrap-server",
                    brokers,
                    "--set",
                    "topic.prefix=" + name + "."))
        .isZero();
  }

  @Test
  void shouldEndInOrderUnderLoadAndLogNothingButJson() throws Exception {
    Process process = run(kafka.bootstrapServers());
    try (Load load = load(kafka.bootstrapServers(), png())) {
      awaitPredictions(kafka.bootstrapServers());

      Duration took = stop(process, DEFAULT_BOUND);

      log.warn("under load: ended {} ms after SIGTERM", took.toMillis());
      assertThat(process.exitValue()).isEqualTo(TERMINATED);
      List<JsonNode> lines = log();
      assertThat(lines)
          .extracting(line -> line.get("message").textValue())
          .containsSubsequence(
              "told to stop; ends within 25000 ms", "NOT_RUNNING after PENDING_SHUTDOWN", "stopped")
          .anyMatch(message -> message.startsWith("running; metrics and health at http"));
      assertThat(lines)
          .allSatisfy(
              line -> {
                assertThat(line.get("level").textValue()).isIn("INFO", "WARN", "ERROR");
                assertThat(line.get("time").textValue()).endsWith("Z");
                assertThat(line.get("logger").textValue()).isNotEmpty();
                assertThat(line.get("thread").textValue()).isNotEmpty();
              });
      assertThat(Files.readString(folder.resolve("err"))).doesNotContain("hunter2");
      assertThat(Files.readString(folder.resolve("out"))).isEmpty();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldEndInTimeWhileTheBrokerIsAway() throws Exception {
    Duration bound = Duration.ofSeconds(8);
    EmbeddedKafka own = EmbeddedKafka.start();
    createTopics(own.bootstrapServers());
    Process process = run(own.bootstrapServers(), "stop.timeout.ms=" + bound.toMillis());
    try (Load load = load(own.bootstrapServers(), png())) {
      awaitPredictions(own.bootstrapServers());
      own.close();

      Duration took = stop(process, bound);

      log.warn(
          "broker away: ended {} ms after SIGTERM, code {}", took.toMillis(), process.exitValue());
      assertThat(process.exitValue()).isIn(TERMINATED, VmoeCommand.STOPPED_LATE);
      assertThat(log()).isNotEmpty();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldEndOnlyOnceTheFirstModelIsLoaded() throws Exception {
    Process process = run(kafka.bootstrapServers(), "cost.survey.ms=5000");
    try {
      await().atMost(Duration.ofSeconds(60)).until(() -> said("err", "measuring cost, %"));

      Duration took = stop(process, DEFAULT_BOUND);

      log.warn("model being loaded: ended {} ms after SIGTERM", took.toMillis());
      assertThat(process.exitValue()).isEqualTo(TERMINATED);
      assertThat(log())
          .extracting(line -> line.get("message").textValue().replaceFirst(" is loaded from.*", ""))
          .containsSubsequence(
              "told to stop; ends within 25000 ms", "characters-vmoe-bpr", "stopped");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldEndInTimeWhileTheModelHangs() throws Exception {
    // all that is closed before the model takes a second on an idle machine
    Duration bound = Duration.ofSeconds(6);
    Process process = hungRun("stop.timeout.ms=" + bound.toMillis());
    try (Load load = load(kafka.bootstrapServers(), FakeDecoder.grey(1))) {
      await().atMost(Duration.ofSeconds(60)).until(() -> said("out", "hangs"));

      Duration took = stop(process, bound);

      log.warn("model hangs: ended {} ms after SIGTERM", took.toMillis());
      assertThat(took).isGreaterThanOrEqualTo(bound);
      assertThat(process.exitValue()).isEqualTo(VmoeCommand.STOPPED_LATE);
      assertThat(log().get(log().size() - 1).get("message").textValue())
          .startsWith(
              "not ended within stop.timeout.ms = 6000, left behind at dev.vmoe.core.batch.")
          .contains("nothing is lost");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldEndByItselfWithAnErrorWhenTheModelHangs() throws Exception {
    Process process = hungRun("stop.timeout.ms=2000", "inference.timeout.ms=1000");
    try (Load load = load(kafka.bootstrapServers(), FakeDecoder.grey(1))) {
      assertThat(process.waitFor(90, TimeUnit.SECONDS)).as("ended").isTrue();

      assertThat(process.exitValue()).isEqualTo(VmoeCommand.FAILED);
      assertThat(log())
          .anySatisfy(
              line -> {
                assertThat(line.get("message").textValue()).startsWith("the instance stops");
                assertThat(line.get("stack").textValue())
                    .contains("the model has not returned from a batch of")
                    .contains("inference.timeout.ms = 1000");
              });
    } finally {
      process.destroyForcibly();
    }
  }

  /** Starts an instance whose model never returns. */
  private Process hungRun(String... settings) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "bootstrap.servers=" + kafka.bootstrapServers(),
                "schema.registry.url=" + registry.url(),
                "topic.prefix=" + name + ".",
                "application.id=" + name,
                "model=none",
                "log.format=json"));
    arguments.addAll(List.of(settings));
    return java(HungRun.class, arguments);
  }

  private static Duration stop(Process process, Duration bound) throws InterruptedException {
    long askedNanos = System.nanoTime();
    process.destroy(); // SIGTERM
    assertThat(process.waitFor(bound.plus(SLACK).toMillis(), TimeUnit.MILLISECONDS))
        .as("ended within %s", bound.plus(SLACK))
        .isTrue();
    return Duration.ofNanos(System.nanoTime() - askedNanos);
  }

  private Process run(String brokers, String... settings) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "run",
                "--bootstrap-server=" + brokers,
                "--registry=" + registry.url(),
                "--set=topic.prefix=" + name + ".",
                "--set=application.id=" + name,
                "--set=model=" + BundledModels.vmoe(),
                "--set=device=cpu",
                "--set=console.port=0",
                "--set=console.page=false",
                "--set=cost.survey.ms=500",
                "--set=inference.runs=2",
                "--set=inference.threads=1",
                "--set=registry.basic.auth.user.info=any:hunter2"));
    for (String setting : settings) {
      arguments.add("--set=" + setting);
    }
    return java(VmoeCommand.class, arguments);
  }

  private Process java(Class<?> main, List<String> arguments) throws IOException {
    List<String> command =
        ChildCommand.of(
            main,
            "-Xmx384m",
            "-Dvmoe.home=" + System.getProperty("vmoe.home"),
            "-Dlogback.configurationFile=logback.xml"); // not that of the tests
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(folder.resolve("out").toFile())
            .redirectError(folder.resolve("err").toFile());
    builder.environment().put("VMOE_LOG_FORMAT", "json");
    return builder.start();
  }

  private boolean said(String file, String text) throws IOException {
    return Files.readString(folder.resolve(file)).contains(text);
  }

  /** Returns the lines of stderr, which must all be JSON. */
  private List<JsonNode> log() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("err"))) {
      JsonNode json = mapper.readTree(line);
      assertThat(json.isObject()).as(line).isTrue();
      lines.add(json);
    }
    return lines;
  }

  private void awaitPredictions(String brokers) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                brokers,
                "group.id",
                name + "-reader",
                "auto.offset.reset",
                "earliest",
                "isolation.level",
                "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(name + ".predictions"));
      int[] seen = new int[1];
      await("predictions")
          .atMost(Duration.ofSeconds(90))
          .until(() -> (seen[0] += consumer.poll(Duration.ofMillis(100)).count()) > 100);
    }
  }

  private static byte[] png() {
    return new PngEncoder().encodeGrey(new byte[28 * 28], 28, 28);
  }

  private Load load(String brokers, byte[] image) {
    return new Load(brokers, name + ".images", image);
  }

  /** Sends small images until it is closed, more than one core can answer. */
  private static final class Load implements AutoCloseable {

    private final ScheduledExecutorService sender = Executors.newSingleThreadScheduledExecutor();
    private final KafkaProducer<byte[], byte[]> producer;

    Load(String brokers, String topic, byte[] image) {
      producer =
          new KafkaProducer<>(
              Map.of("bootstrap.servers", brokers, "max.block.ms", "1000"),
              new ByteArraySerializer(),
              new ByteArraySerializer());
      sender.scheduleAtFixedRate(
          () -> {
            for (int i = 0; i < 10; i++) {
              ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, image);
              record.headers().add("content-type", "image/png".getBytes(StandardCharsets.UTF_8));
              producer.send(record);
            }
          },
          0,
          10,
          TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
      sender.shutdownNow();
      producer.close(Duration.ZERO);
    }
  }
}
