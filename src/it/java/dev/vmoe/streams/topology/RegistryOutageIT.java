package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.embedded.EmbeddedRegistry;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.ClassScore;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.Metric;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A registry that is away for a while delays images whose schema it did not say; it costs none. */
@ExtendWith(CrashesBorne.class)
class RegistryOutageIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Map<String, String> RAW = Map.of("content-type", "image/grey");

  private final Meters meters = new Meters();

  private Pipeline start(
      Workbench workbench, RegistryGate gate, FakeClassifier classifier, Map<String, ?> more) {
    return start(workbench, gate, classifier, more, meters);
  }

  private static Pipeline start(
      Workbench workbench,
      RegistryGate gate,
      FakeClassifier classifier,
      Map<String, ?> more,
      Meters meters) {
    Map<String, Object> settings = new HashMap<>(more);
    settings.put("schema.registry.url", gate.url());
    return Pipeline.start(
        workbench.settings(settings),
        classifier,
        new FakeDecoder(8 * 8 * 3),
        ControllerFactory.fixed(),
        Pipeline.metrics(meters, classifier.card()));
  }

  @Test
  void shouldWaitForTheRegistryAndDeadLetterNothing() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = start(workbench, gate, classifier, Map.of());
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq")) {
      assertThat(pipeline.awaitRunning(LIMIT)).isTrue();
      gate.shut();
      workbench.sendByAnotherVersion(0, "a", FakeDecoder.grey(10));
      workbench.send(0, "b", FakeDecoder.grey(20));
      await().atMost(LIMIT).until(() -> gate.turnedAway() >= 10);
      gate.reopen();

      await().atMost(LIMIT).until(() -> predictions.poll().size() >= 2);
      assertThat(predictions.pollToEnd())
          .extracting(Prediction::getSourceOffset)
          .containsExactly(0L, 1L);
      assertThat(letters.pollToEnd()).isEmpty();
    }
  }

  /** One stream thread has both partitions; only the one with the unknown schema stands. */
  @Test
  void shouldGoOnWithAllElseWhateverTheRegistryAnswers() throws Exception {
    List<Consumer<RegistryGate>> outages =
        List.of(
            RegistryGate::shut,
            gate -> gate.answer(401, "{\"error_code\": 401, \"message\": \"who are you\"}"),
            gate -> gate.answer(403, "{\"error_code\": 403, \"message\": \"not you\"}"),
            gate -> gate.answer(404, "<html>no such page</html>"));
    try (Workbench workbench = Workbench.open(2);
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = start(workbench, gate, classifier, Map.of());
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq")) {
      assertThat(pipeline.awaitRunning(LIMIT)).isTrue();
      int behind = 0;
      int beside = 0;
      for (Consumer<RegistryGate> outage : outages) {
        outage.accept(gate);
        int before = gate.turnedAway();
        workbench.sendByAnotherVersion(0, "one key", FakeDecoder.grey(1));
        for (int i = 0; i < 400; i++) {
          workbench.sendBytes(0, "one key", FakeDecoder.grey(2), RAW);
        }
        workbench.send(1, "known", FakeDecoder.grey(3));
        workbench.sendBytes(1, "raw", FakeDecoder.grey(4), RAW);
        int answered = beside += 2;
        await("partition 1 goes on")
            .atMost(Duration.ofSeconds(20))
            .until(() -> offsets(predictions, 1).size() == answered);
        await("asked again and again").until(() -> gate.turnedAway() >= before + 4);
        assertThat(offsets(predictions, 0)).hasSize(behind);
        assertThat(meters.read().sum(Metric.IMAGES_HELD))
            .as("what was polled at once, not the whole partition")
            .isBetween(1.0, 200.0);
        await("what waits for a schema is no load")
            .until(() -> pipeline.load().backlogImages() < 100);
        gate.reopen();
        int all = behind += 401;
        await("partition 0 goes on")
            .atMost(LIMIT)
            .until(() -> offsets(predictions, 0).size() == all);
      }
      assertThat(offsets(predictions, 0)).isSorted().doesNotHaveDuplicates();
      assertThat(letters.pollToEnd()).isEmpty();
      assertThat(meters.read().sum(Metric.THREAD_FAILURES)).isZero();
      assertThat(meters.read().sum(Metric.IMAGES_HELD)).isZero();
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  private static List<Long> offsets(Workbench.Reader<Prediction> predictions, int partition) {
    return predictions.poll().stream()
        .filter(prediction -> prediction.getSourcePartition() == partition)
        .map(Prediction::getSourceOffset)
        .toList();
  }

  @Test
  void shouldSetApartWhatWaitsLongerThanSaid() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            start(workbench, gate, classifier, Map.of("schema.registry.wait.ms", 500));
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq")) {
      assertThat(pipeline.awaitRunning(LIMIT)).isTrue();
      gate.shut();
      workbench.sendByAnotherVersion(0, "a", FakeDecoder.grey(10));
      workbench.send(0, "b", FakeDecoder.grey(20));

      await().atMost(LIMIT).until(() -> predictions.poll().size() == 1);
      assertThat(offsets(predictions, 0)).containsExactly(1L);
      await().atMost(LIMIT).until(() -> letters.poll().size() == 1);
      assertThat(
              new String(
                  letters.records.get(0).headers().lastHeader(DeadLetter.EXCEPTION).value(),
                  StandardCharsets.UTF_8))
          .endsWith("$SchemaNotFound");
    }
  }

  /** It says of every id that there is no such schema. */
  @Test
  void shouldNotBelieveARegistryThatLostItsSchemas() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        EmbeddedRegistry empty = EmbeddedRegistry.start();
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = start(workbench, gate, classifier, Map.of());
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq")) {
      assertThat(pipeline.awaitRunning(LIMIT)).isTrue();
      gate.leadTo(empty.url());
      workbench.sendByAnotherVersion(0, "a", FakeDecoder.grey(10));
      workbench.send(0, "b", FakeDecoder.grey(20));
      await("asked and checked, twice").atMost(LIMIT).until(() -> gate.misled() >= 4);
      gate.reopen();

      await().atMost(LIMIT).until(() -> predictions.poll().size() >= 2);
      assertThat(offsets(predictions, 0)).containsExactly(0L, 1L);
      assertThat(letters.pollToEnd()).isEmpty();
    }
  }

  @Test
  void shouldStartInAnOutageAndAnswerRawImagesOnceItIsOver() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Workbench.Reader<Prediction> predictions = workbench.predictions()) {
      workbench.sendBytes(0, "a", FakeDecoder.grey(10), RAW);
      gate.answer(401, "{\"error_code\": 401, \"message\": \"who are you\"}");
      CompletableFuture<Pipeline> starting =
          CompletableFuture.supplyAsync(() -> start(workbench, gate, classifier, Map.of()));
      await().atMost(LIMIT).until(() -> starting.isDone() || gate.turnedAway() >= 2);
      assertThat(starting).isNotDone();
      gate.reopen();

      try (Pipeline pipeline = starting.get(60, TimeUnit.SECONDS)) {
        await().atMost(LIMIT).until(() -> predictions.poll().size() == 1);
        assertThat(pipeline.failure()).isEmpty();
      }
    }
  }

  /** What it needs to answer lies with the committed offsets. */
  @Test
  void shouldAnswerAfterARestartInAnOutage() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        EmbeddedRegistry empty = EmbeddedRegistry.start();
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Answers answers = Answers.of(workbench)) {
      answerOneAndStop(workbench, gate, classifier, answers);
      gate.shut();
      try (Pipeline pipeline = start(workbench, gate, classifier, Map.of())) {
        workbench.sendBytes(0, "raw", FakeDecoder.grey(10), RAW);
        workbench.send(0, "known", FakeDecoder.grey(20));
        await().atMost(LIMIT).until(() -> answers.poll() == 3);

        workbench.sendByAnotherVersion(0, "unknown", FakeDecoder.grey(30));
        workbench.sendBytes(0, "behind", FakeDecoder.grey(40), RAW);
        gate.leadTo(empty.url());
        await("asked again").atMost(LIMIT).until(() -> gate.misled() > 8);
        assertThat(answers.poll()).isEqualTo(3);
        assertThat(subjects(empty)).isEqualTo("[]");
        gate.reopen();

        await().atMost(LIMIT).until(() -> answers.poll() == 5);
        answers.assertExactlyOnce();
        assertThat(answers.letters.records).isEmpty();
        assertThat(pipeline.failure()).isEmpty();
      }
    }
  }

  /** Answers carry the ids that the group left: readers would take them for something else. */
  @Test
  void shouldGiveUpIfTheRegistryComesBackWithOtherIds() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        EmbeddedRegistry empty = EmbeddedRegistry.start();
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Answers answers = Answers.of(workbench)) {
      answerOneAndStop(workbench, gate, classifier, answers);
      gate.shut();
      Map<String, ?> accept = Map.of("schema.registry.accept.empty", true);
      try (Pipeline pipeline = start(workbench, gate, classifier, accept)) {
        assertThat(pipeline.failure()).isEmpty();
        try (RegistryClient other = new RegistryClient(empty.url(), Map.of(), LIMIT)) {
          other.register("not ours", ClassScore.getClassSchema()); // takes the first id
        }
        gate.leadTo(empty.url());
        await().atMost(LIMIT).until(() -> pipeline.failure().isPresent());
        assertThat(pipeline.failure().get()).hasMessageContaining("other ids");
      }
    }
  }

  @Test
  void shouldNeedNoRegistryForAnswersInJson() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Workbench.Reader<byte[]> predictions = workbench.reader("predictions");
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq")) {
      gate.shut();
      Map<String, ?> json = Map.of("predictions.format", "json");
      try (Pipeline pipeline = start(workbench, gate, classifier, json)) {
        workbench.sendBytes(0, "raw", FakeDecoder.grey(10), RAW);
        await().atMost(LIMIT).until(() -> predictions.poll().size() == 1);
        workbench.send(0, "avro", FakeDecoder.grey(20));
        gate.reopen();

        await().atMost(LIMIT).until(() -> predictions.poll().size() == 2);
        assertThat(predictions.pollToEnd()).hasSize(2);
        assertThat(letters.pollToEnd()).isEmpty();
        assertThat(pipeline.failure()).isEmpty();
      }
    }
  }

  /** New schemas there would give old ids another meaning, or none. */
  @Test
  void shouldNotStartAnewInARegistryThatLostItsSchemas() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        EmbeddedRegistry empty = EmbeddedRegistry.start();
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Answers answers = Answers.of(workbench)) {
      answerOneAndStop(workbench, gate, classifier, answers);
      workbench.sendByAnotherVersion(0, "b", FakeDecoder.grey(20));
      gate.leadTo(empty.url());
      CompletableFuture<Pipeline> starting =
          CompletableFuture.supplyAsync(() -> start(workbench, gate, classifier, Map.of()));
      int once = gate.misled();
      await("asked again").atMost(LIMIT).until(() -> gate.misled() > once + 8);
      assertThat(starting).isNotDone();
      assertThat(subjects(empty)).isEqualTo("[]");
      gate.reopen();

      try (Pipeline pipeline = starting.get(60, TimeUnit.SECONDS)) {
        await().atMost(LIMIT).until(() -> answers.poll() >= 2);
        answers.assertExactlyOnce();
        assertThat(answers.letters.records).isEmpty();
        assertThat(pipeline.failure()).isEmpty();
      }
    }
  }

  @Test
  void shouldStartAnewInAnEmptyRegistryIfTold() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        EmbeddedRegistry empty = EmbeddedRegistry.start();
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Answers answers = Answers.of(workbench)) {
      answerOneAndStop(workbench, gate, classifier, answers);
      workbench.sendByAnotherVersion(0, "lost", FakeDecoder.grey(20));
      workbench.flush();
      gate.leadTo(empty.url());
      try (Pipeline pipeline =
          start(workbench, gate, classifier, Map.of("schema.registry.accept.empty", true))) {
        await().atMost(LIMIT).until(() -> answers.letters.poll().size() == 1);
        assertThat(Answers.keys(answers.letters)).containsExactly("lost");
        assertThat(Answers.header(answers.letters.records.get(0), DeadLetter.EXCEPTION))
            .endsWith("$UnknownSchema");
        assertThat(pipeline.failure()).isEmpty();
      }
    }
  }

  private static void answerOneAndStop(
      Workbench workbench, RegistryGate gate, FakeClassifier classifier, Answers answers) {
    try (Meters before = new Meters();
        Pipeline pipeline = start(workbench, gate, classifier, Map.of(), before)) {
      workbench.send(0, "a", FakeDecoder.grey(10));
      await().atMost(LIMIT).until(() -> answers.poll() == 1);
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  private static String subjects(EmbeddedRegistry registry) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(registry.url() + "/subjects")).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }
}
