package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.settings.SettingsLoader;
import dev.vmoe.streams.topics.TopicAdmin;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A second pipeline beside the first on one topic of images, and both compared. */
class CompareIT {

  private static final int IMAGES = 40;

  /** What the second pipeline takes for black. */
  private static final int BRIGHTEST = 250;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @Test
  void shouldCompareTwoPipelinesThatReadTheSameImages() throws Exception {
    try (Workbench workbench = Workbench.open(2);
        FakeClassifier first = new FakeClassifier(Duration.ZERO, "live");
        FakeClassifier second = new FakeClassifier(Duration.ZERO, "candidate")) {
      Settings shadow =
          workbench.settings(
              Map.of(
                  "application.id", workbench.topic("shadow"),
                  "topic.prefix", workbench.topic("shadow."),
                  "topics.images", workbench.topic("images"),
                  "predictions.format", "json"));
      new TopicAdmin(workbench.admin, shadow).create(TopicPlan.load());
      String shadowAnswers = workbench.topic("shadow.predictions");
      FakeDecoder decoder = new FakeDecoder(8 * 8 * 3);
      ImageDecoder another =
          (encoded, images, slot) ->
              decoder.decode(
                  (encoded[0] & 0xff) == BRIGHTEST ? FakeDecoder.grey(0) : encoded, images, slot);
      try (Pipeline live = Pipeline.start(workbench.settings(Map.of()), first, decoder);
          Pipeline candidate = Pipeline.start(shadow, second, another);
          Workbench.Reader<?> answers = workbench.predictions();
          Workbench.Reader<byte[]> others = workbench.reader("shadow.predictions")) {
        for (int i = 0; i < IMAGES; i++) {
          boolean odd = i % 5 == 3;
          workbench.sendBytes(
              i % 2,
              "image " + i,
              FakeDecoder.grey(odd ? BRIGHTEST : 0),
              Map.of(
                  "content-type",
                  "image/png",
                  "vmoe-id",
                  "image " + i,
                  "vmoe-label",
                  odd ? "grey-9" : "grey-0"));
        }
        workbench.flush();
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> answers.poll().size() >= IMAGES && others.poll().size() >= IMAGES);
      }

      Path json = folder.resolve("new/compared.json");
      assertThat(compare(workbench, shadowAnswers, "--worst=3", "--json=" + json))
          .as("%s", err)
          .isZero();

      JsonNode compared = new ObjectMapper().readTree(json.toFile());
      assertThat(compared.get("both").intValue()).isEqualTo(IMAGES);
      assertThat(compared.get("agreed").intValue()).isEqualTo(IMAGES - 8);
      for (String none : List.of("only_a", "only_b", "outside", "repeats", "unpaired")) {
        assertThat(compared.get(none).intValue()).as(none).isZero();
      }
      assertThat(compared.at("/accuracy/a").doubleValue()).isEqualTo(1);
      assertThat(compared.at("/accuracy/b").doubleValue()).isEqualTo(0.8);
      assertThat(compared.at("/accuracy/high").doubleValue()).isNegative();
      assertThat(compared.at("/b/models/candidate").intValue()).isEqualTo(IMAGES);
      assertThat(compared.at("/a/p99_ms").doubleValue()).isPositive();
      assertThat(compared.at("/classes/0/name").textValue()).isEqualTo("grey-9");
      assertThat(compared.get("images")).hasSize(3);
      assertThat(compared.at("/images/0/a/0/label").textValue()).isEqualTo("grey-9");
      assertThat(compared.at("/images/0/b/0/label").textValue()).isEqualTo("grey-0");
      assertThat(compared.at("/images/0/position/topic").textValue())
          .isEqualTo(workbench.topic("images"));
      assertThat(out.toString())
          .contains("images: 40 in both", "agreement: 80.00% (32 of 40)")
          .contains("accuracy of b minus a: -20.00 points")
          .containsPattern("grey-9 +8 +0.00%");

      assertThat(compare(workbench, shadowAnswers, "--until=" + Instant.EPOCH))
          .isEqualTo(VmoeCommand.FAILED);
      assertThat(compare(workbench, shadowAnswers, "--from=" + Instant.EPOCH, "--images=7"))
          .isZero();
      assertThat(out.toString()).contains("images: 7 in both");
      assertThat(compare(workbench, workbench.topic("predictions"))).isEqualTo(VmoeCommand.USAGE);
    }
  }

  @Test
  void shouldAnswerTheClientOfANewProject() throws Exception {
    Language.PYTHON.require();
    try (Workbench workbench = Workbench.open(2)) {
      Path project = folder.resolve("project");
      assertThat(
              vmoe(
                  "new",
                  project.toString(),
                  "--bootstrap-server=" + workbench.bootstrapServers,
                  "--registry=" + workbench.registryUrl,
                  "--topic-prefix=" + workbench.prefix))
          .as("%s", err)
          .isZero();
      Map<String, String> written = new HashMap<>();
      new SettingsLoader(Map.of())
          .load(project.resolve("vmoe.properties"), Map.of())
          .originals()
          .forEach((key, value) -> written.put(key, String.valueOf(value)));
      try (FakeClassifier classifier = new FakeClassifier();
          Pipeline pipeline =
              Pipeline.start(new Settings(written), classifier, new FakeDecoder(8 * 8 * 3));
          Workbench.Reader<byte[]> images = workbench.reader("images")) {
        assertThat(pipeline.awaitRunning(Duration.ofSeconds(30))).isTrue();
        Path good = Files.write(folder.resolve("good.png"), FakeDecoder.grey(BRIGHTEST));
        Path bad = Files.write(folder.resolve("bad.png"), new byte[3]);
        classifier.hold();
        List<String> command = new ArrayList<>(Language.PYTHON.program(project, "client"));
        command.addAll(List.of(good.toString(), bad.toString()));
        Process client = new ProcessBuilder(command).redirectErrorStream(true).start();
        await("the client has sent both")
            .atMost(Duration.ofSeconds(30))
            .until(() -> images.poll().size() == 2 || !client.isAlive());
        writeDeadLettersOfOthers(workbench);
        classifier.release();
        String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(client.waitFor()).as(said).isZero();
        assertThat(said.lines())
            .hasSize(2)
            .anyMatch(line -> line.startsWith(good + "\tgrey-9\t0."))
            .anyMatch(
                line -> line.startsWith(bad + "\tnot answered: ") && line.contains("3 bytes"));
      }
    }
  }

  /** Writes one to each partition, with a header of its sender that is no text. */
  private static void writeDeadLettersOfOthers(Workbench workbench) {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", workbench.bootstrapServers),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int partition = 0; partition < 2; partition++) {
        ProducerRecord<byte[], byte[]> letter =
            new ProducerRecord<>(workbench.topic("images.dlq"), partition, null, new byte[1]);
        letter.headers().add("camera", new byte[] {-1});
        for (String name : List.of("topic", "partition", "offset", "message")) {
          letter.headers().add("__streams.errors." + name, new byte[] {'0'});
        }
        producer.send(letter);
      }
    }
  }

  private int compare(Workbench workbench, String b, String... more) {
    out.getBuffer().setLength(0);
    List<String> arguments = new ArrayList<>(List.of("lab", "compare"));
    arguments.addAll(List.of("--a=" + workbench.topic("predictions"), "--b=" + b));
    arguments.addAll(
        List.of(
            "--bootstrap-server=" + workbench.bootstrapServers,
            "--registry=" + workbench.registryUrl));
    arguments.addAll(List.of(more));
    return vmoe(arguments.toArray(String[]::new));
  }

  private int vmoe(String... arguments) {
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(arguments);
  }
}
