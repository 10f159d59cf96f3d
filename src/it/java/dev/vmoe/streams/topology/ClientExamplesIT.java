package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.EventFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The clients in {@code src/examples} and the lines of kcat in the documentation: each a process
 * that knows nothing of this project, with a pipeline for each format of predictions.
 */
@Tag("soak")
class ClientExamplesIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int FILES = 3;
  private static final Map<EventFormat, Bench> BENCHES = new EnumMap<>(EventFormat.class);

  @TempDir Path folder;

  /** A pipeline, with topics of one partition: answers have one order. */
  private record Bench(
      Workbench workbench,
      FakeClassifier classifier,
      Pipeline pipeline,
      Workbench.Reader<byte[]> predictions)
      implements AutoCloseable {

    static Bench open(EventFormat format) throws Exception {
      Workbench workbench = Workbench.open(1);
      FakeClassifier classifier = new FakeClassifier();
      Pipeline pipeline =
          Pipeline.start(
              workbench.settings(
                  Map.of(
                      "predictions.format",
                      format.name().toLowerCase(Locale.ROOT),
                      "fetch.prefixes",
                      Path.of(System.getProperty("java.io.tmpdir")).toUri().toString())),
              classifier,
              new FakeDecoder(8 * 8 * 3));
      return new Bench(workbench, classifier, pipeline, workbench.reader("predictions"));
    }

    /** Returns what tells an example where to go. */
    Map<String, String> addresses(String topic) {
      return Map.of(
          "BROKERS", workbench.bootstrapServers,
          "REGISTRY", workbench.registryUrl,
          "TOPIC", workbench.topic(topic));
    }

    /** Waits for an answer to an image of this key. */
    ConsumerRecord<byte[], byte[]> answer(String key) {
      await("an answer to " + key)
          .atMost(LIMIT)
          .until(
              () -> {
                predictions.poll();
                return Answers.keys(predictions).contains(key);
              });
      return predictions.records.stream()
          .filter(record -> Answers.key(record).equals(key))
          .findFirst()
          .orElseThrow();
    }

    /** Writes an answer again as a broker's loss would, and one that is rolled back. */
    void repeat(ConsumerRecord<byte[], byte[]> answer, byte[] rolledBack) {
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(
              Map.of(
                  "bootstrap.servers",
                  workbench.bootstrapServers,
                  "transactional.id",
                  workbench.topic(Answers.key(answer))),
              new ByteArraySerializer(),
              new ByteArraySerializer())) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(copy(answer, rolledBack));
        producer.flush();
        producer.abortTransaction();
        producer.beginTransaction();
        producer.send(copy(answer, answer.value()));
        producer.commitTransaction();
      }
    }

    private static ProducerRecord<byte[], byte[]> copy(
        ConsumerRecord<byte[], byte[]> answer, byte[] value) {
      return new ProducerRecord<>(answer.topic(), 0, answer.key(), value, answer.headers());
    }

    @Override
    public void close() {
      predictions.close();
      pipeline.close();
      classifier.close();
      workbench.close();
    }
  }

  @BeforeAll
  static void start() throws Exception {
    for (EventFormat format : EventFormat.values()) {
      BENCHES.put(format, Bench.open(format));
    }
  }

  @AfterAll
  static void stop() {
    BENCHES.values().forEach(Bench::close);
    BENCHES.clear();
  }

  static Stream<Arguments> clients() {
    return Arrays.stream(Language.values())
        .flatMap(
            language ->
                Arrays.stream(EventFormat.values()).map(format -> Arguments.of(language, format)));
  }

  @ParameterizedTest
  @MethodSource("clients")
  void shouldSendImagesAndTakeEachCommittedAnswerOnce(Language language, EventFormat format)
      throws Exception {
    language.require();
    Bench bench = BENCHES.get(format);
    String name = language.name().toLowerCase(Locale.ROOT);
    List<String> files = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      Path file = folder.resolve("%s %d.png".formatted(name, i));
      files.add(Files.write(file, FakeDecoder.grey(60 + 60 * i)).toString());
      expected.add("%s\tgrey-%d".formatted(file.getFileName(), (60 + 60 * i) * 10 / 256));
    }
    Path printed = folder.resolve("printed");
    Process consumer =
        start(
            language.command("consume", List.of()), bench.addresses("predictions"), name, printed);
    try {
      List<String> arguments = new ArrayList<>(files);
      if (format == EventFormat.AVRO) {
        arguments.add(0, "--avro");
      }
      Path log = folder.resolve("produced");
      Process producer =
          start(language.command("produce", arguments), bench.addresses("images"), name, log);
      assertThat(producer.waitFor()).as(() -> read(log)).isZero();

      ConsumerRecord<byte[], byte[]> first = bench.answer(name + " 0.png");
      bench.answer(name + " 2.png");
      bench.repeat(first, rolledBack(first.value(), name, bench.workbench().topic("images")));
      bench.workbench().sendBytes(0, name, FakeDecoder.grey(9), last(name));
      bench.workbench().flush();

      await(name + " has printed the last answer")
          .atMost(LIMIT)
          .until(() -> !consumer.isAlive() || read(printed).contains("last " + name));
      assertThat(consumer.isAlive()).as(() -> read(printed)).isTrue();
      assertThat(read(printed).lines())
          .filteredOn(line -> line.toLowerCase(Locale.ROOT).startsWith(name + " "))
          .zipSatisfy(
              expected, (line, beginning) -> assertThat(line).startsWith(beginning + "\t0."));
    } finally {
      consumer.destroyForcibly().waitFor();
    }
  }

  @Test
  void shouldSumTheFramesOfOneKeyByWindowsOfTime() throws Exception {
    Bench bench = BENCHES.get(EventFormat.JSON);
    String camera = "camera";
    int[] millis = {10_100, 10_400, 10_900, 9_000, 11_000};
    int[] greys = {60, 60, 130, 200, 200};
    for (int i = 0; i < millis.length; i++) {
      bench.workbench().sendAt(0, camera, FakeDecoder.grey(greys[i]), millis[i]);
    }
    Path printed = folder.resolve("clips");
    Process clips =
        start(
            Language.JAVA.command("clips", List.of()),
            bench.addresses("predictions"),
            camera,
            printed);
    try {
      await().atMost(LIMIT).until(() -> !clips.isAlive() || read(printed).contains(camera + "\t"));
      assertThat(read(printed).lines())
          .filteredOn(line -> line.startsWith(camera))
          .singleElement()
          .asString()
          .startsWith("camera\t10000\tgrey-2\t0.")
          .endsWith("\t3");
    } finally {
      clips.destroyForcibly().waitFor();
    }
  }

  private static Map<String, String> last(String name) {
    return Map.of("content-type", "image/png", "vmoe-id", "last " + name);
  }

  /** Returns an answer that seems to be to another image, in either format. */
  private static byte[] rolledBack(byte[] answer, String name, String topic) {
    return new String(answer, StandardCharsets.ISO_8859_1)
        .replace(name, name.toUpperCase(Locale.ROOT))
        .replace(topic, topic.toUpperCase(Locale.ROOT))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void shouldRunTheLinesOfKcatInTheDocumentation() throws Exception {
    Language.requireProgram("kcat", "kcat");
    Language.requireProgram("jq", "jq");
    Bench bench = BENCHES.get(EventFormat.JSON);
    Files.write(folder.resolve("photo.jpg"), FakeDecoder.grey(130));
    for (String page : List.of("README.md", "src/docs/clients.md")) {
      List<String> lines = lines(Files.readString(Language.HOME.resolve(page)));
      assertThat(lines).as("lines of kcat in %s", page).hasSizeGreaterThanOrEqualTo(2);
      int before = bench.predictions().pollToEnd().size();
      List<String> sending = lines.stream().filter(line -> line.contains(" -P ")).toList();
      for (String line : sending) {
        assertThat(run(bench, line)).isEmpty();
      }
      await("answers to the lines of " + page)
          .atMost(LIMIT)
          .until(() -> bench.predictions().poll().size() == before + sending.size());
      for (String line : lines) {
        if (!sending.contains(line)) {
          assertThat(run(bench, line).lines().filter("4711\tgrey-5"::equals))
              .as(line)
              .hasSizeGreaterThanOrEqualTo(sending.size());
        }
      }
    }
  }

  /** Returns the commands with kcat of a page, each with the line that it goes on in. */
  private static List<String> lines(String page) {
    Matcher command =
        Pattern.compile("^(?:(?:printf|echo) .*\\|\\n +)?kcat .*$", Pattern.MULTILINE)
            .matcher(page);
    return command.results().map(found -> found.group()).toList();
  }

  /**
   * Runs a line of the documentation with the addresses of a bench, and that of a file; returns
   * what it prints.
   */
  private String run(Bench bench, String line) throws Exception {
    String here =
        line.replace("localhost:9092", bench.workbench().bootstrapServers)
            .replace("vmoe.images", bench.workbench().topic("images"))
            .replace("vmoe.predictions", bench.workbench().topic("predictions"))
            .replaceAll("https://[^']*", folder.resolve("photo.jpg").toUri().toString());
    Path printed = folder.resolve("kcat");
    Process process = start(List.of("bash", "-ec", here), Map.of(), "kcat", printed);
    assertThat(process.waitFor()).as(() -> here + "\n" + read(printed)).isZero();
    return read(printed);
  }

  /** Starts a process in the test's folder; what it prints goes to a file. */
  private Process start(
      List<String> command, Map<String, String> environment, String group, Path printed)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile());
    builder.environment().putAll(environment);
    builder.environment().put("GROUP", environment.getOrDefault("TOPIC", "") + group);
    return builder.start();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
