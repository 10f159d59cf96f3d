package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.console.Console;
import dev.vmoe.app.console.Health;
import dev.vmoe.app.console.Instance;
import dev.vmoe.app.console.Listening;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.Scrape;
import dev.vmoe.streams.settings.Settings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.streams.KafkaStreams;
import org.junit.jupiter.api.Test;

/** What is scraped over HTTP from a pipeline on a real broker is what went through it. */
class MetricsIT {

  private static final int PARTITIONS = 3;
  private static final int IMAGES = 200;
  private static final int BAD_IMAGES = 7;
  private static final int BAD_RECORDS = 5;

  private final HttpClient client = HttpClient.newHttpClient();

  private record Running(Pipeline pipeline) implements Instance {
    @Override
    public Health health() {
      return pipeline.state() == KafkaStreams.State.RUNNING
          ? Health.READY
          : Health.waitingFor(pipeline.state().name());
    }

    @Override
    public Optional<String> topology() {
      return Optional.of(pipeline.topology());
    }
  }

  @Test
  void shouldScrapeWhatWasSent() throws Exception {
    try (Workbench workbench = Workbench.open(PARTITIONS);
        FakeClassifier classifier = new FakeClassifier();
        Meters meters = new Meters();
        Pipeline pipeline = start(workbench.settings(Map.of()), classifier, meters);
        Console console =
            Console.start(Listening.at("127.0.0.1", 0), meters, new Running(pipeline));
        Answers answers = Answers.of(workbench);
        Workbench.Reader<ExpertUtilization> utilization = workbench.utilization()) {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> get(console, "health/ready").statusCode() == 200);
      send(workbench);

      int records = IMAGES + BAD_IMAGES + BAD_RECORDS;
      await().atMost(Duration.ofSeconds(60)).until(() -> answers.poll() >= records);
      Scrape scrape = Scrape.of(get(console, "metrics").body());

      assertThat(scrape.value("vmoe_images_read_total")).isEqualTo(records);
      assertThat(scrape.value("vmoe_images_answered_total")).isEqualTo(IMAGES);
      assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"image\"}"))
          .isEqualTo(BAD_IMAGES);
      assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"avro\"}"))
          .isEqualTo(BAD_RECORDS);
      assertThat(scrape.value("vmoe_images_late_total")).isBetween(0.0, (double) IMAGES);
      assertThat(scrape.value("vmoe_latency_target_seconds")).isEqualTo(1);
      assertThat(scrape.value("vmoe_images_in_flight")).isZero();
      assertThat(scrape.value("vmoe_in_flight_bytes")).isZero();
      assertThat(scrape.value("vmoe_image_latency_seconds_count")).isEqualTo(IMAGES);
      assertThat(scrape.value("vmoe_batch_images_sum")).isEqualTo(IMAGES);
      assertThat(scrape.value("vmoe_batch_images_count"))
          .isEqualTo(classifier.runs())
          .isEqualTo(scrape.value("vmoe_batch_inference_seconds_count"))
          .isEqualTo(scrape.value("vmoe_decisions_total{reason=\"fixed\"}"));
      assertThat(scrape.value("vmoe_batch_linger_seconds_count"))
          .isEqualTo(scrape.sum("vmoe_batches_total"));
      assertThat(scrape.value("vmoe_streams_state{state=\"RUNNING\"}")).isEqualTo(1);
      assertThat(scrape.value("vmoe_stream_thread_failures_total")).isZero();
      assertExperts(scrape, utilization);
      assertKafka(scrape);
      assertThat(get(console, "topology").body()).contains("Processor: micro-batch");
    }
  }

  /** The ends of transactions take offsets that no image ever leaves. */
  @Test
  void shouldHaveNoBacklogOnceEverythingIsAnsweredThatCameInTransactions() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        FakeClassifier classifier = new FakeClassifier();
        Meters meters = new Meters();
        Pipeline pipeline = start(workbench.settings(Map.of()), classifier, meters);
        Answers answers = Answers.of(workbench)) {
      workbench.sendInTransactions(10, 1);
      await().atMost(Duration.ofSeconds(60)).until(() -> answers.poll() >= 10);
      long answeredNanos = System.nanoTime();

      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () -> {
                Scrape scrape = Scrape.of(meters);
                assertThat(scrape.value("vmoe_load_age_seconds"))
                    .isLessThan((System.nanoTime() - answeredNanos) / 1e9);
                assertThat(scrape.value("vmoe_backlog_images")).isZero();
                assertThat(scrape.value("vmoe_backlog_age_seconds")).isZero();
              });
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  /** Kafka Streams makes another producer under the same name. */
  @Test
  void shouldGoOnCountingWithTheProducerThatReplacesAFencedOne() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        FakeClassifier classifier = new FakeClassifier();
        Meters meters = new Meters();
        Pipeline pipeline = start(workbench.settings(Map.of()), classifier, meters);
        Answers answers = Answers.of(workbench)) {
      int sent = answerMore(workbench, answers, 0, IMAGES);
      await("the producer counts what it sends")
          .atMost(Duration.ofSeconds(60))
          .until(() -> sends(meters) >= IMAGES);
      workbench.admin.fenceProducers(List.of(transactionalId(workbench))).all().get();

      sent = answerMore(workbench, answers, sent, 5);

      await("the new one counts from 0")
          .atMost(Duration.ofSeconds(30))
          .until(() -> sends(meters) > 0 && sends(meters) < IMAGES);
      double before = sends(meters);
      answerMore(workbench, answers, sent, 5);
      await("and goes on").atMost(Duration.ofSeconds(30)).until(() -> sends(meters) > before);
      answers.assertExactlyOnce();
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  /** Returns how many images were sent in all. */
  private static int answerMore(Workbench workbench, Answers answers, int sent, int more) {
    for (int i = 0; i < more; i++) {
      workbench.send(0, "image " + (sent + i), FakeDecoder.grey(i % 256));
    }
    workbench.flush();
    await().atMost(Duration.ofSeconds(60)).until(() -> answers.poll() == sent + more);
    return sent + more;
  }

  private static double sends(Meters meters) {
    return Scrape.of(meters).sum("kafka_producer_record_send_total{");
  }

  private static String transactionalId(Workbench workbench) throws Exception {
    return workbench.admin.listTransactions().all().get().stream()
        .map(TransactionListing::transactionalId)
        .filter(id -> id.startsWith(workbench.prefix))
        .reduce(
            (one, other) -> {
              throw new AssertionError(one + " and " + other);
            })
        .orElseThrow();
  }

  private static Pipeline start(Settings settings, FakeClassifier classifier, Meters meters) {
    Pipeline pipeline =
        Pipeline.start(
            settings,
            classifier,
            new FakeDecoder(8 * 8 * 3),
            ControllerFactory.fixed(),
            Pipeline.metrics(meters, classifier.card()));
    pipeline.bindKafka(meters);
    return pipeline;
  }

  private HttpResponse<String> get(Console console, String page) throws Exception {
    URI address = URI.create(console.address()).resolve(page);
    return client.send(
        HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(10)).build(),
        BodyHandlers.ofString());
  }

  private static void send(Workbench workbench) {
    for (int i = 0; i < IMAGES; i++) {
      workbench.send(i % PARTITIONS, "image " + i, FakeDecoder.grey(i % 256));
    }
    for (int i = 0; i < BAD_IMAGES; i++) {
      workbench.send(i % PARTITIONS, "bad image " + i, new byte[] {1, 2, 3});
    }
    for (int i = 0; i < BAD_RECORDS; i++) {
      workbench.sendBytes(i % PARTITIONS, "bad record " + i, "rubbish".getBytes(), Map.of());
    }
    workbench.flush();
  }

  /** The counters say what the events say. */
  private static void assertExperts(
      Scrape scrape, Workbench.Reader<ExpertUtilization> utilization) {
    long dispatched = 0;
    double importance = 0;
    for (ExpertUtilization event : utilization.pollToEnd()) {
      for (var layer : event.getLayers()) {
        importance += layer.getImportance().stream().mapToDouble(Double::doubleValue).sum();
        dispatched += layer.getDispatched().stream().mapToLong(Long::longValue).sum();
      }
    }
    // 2 layers, 5 tokens an image, 2 choices a token
    assertThat(scrape.sum("vmoe_expert_choices_assigned_total")).isEqualTo(2.0 * IMAGES * 5 * 2);
    assertThat(scrape.sum("vmoe_expert_choices_dispatched_total")).isEqualTo(dispatched);
    assertThat(scrape.sum("vmoe_expert_importance_total")).isCloseTo(importance, within(1e-6));
  }

  /** Names that last from one start to the next. */
  private static void assertKafka(Scrape scrape) {
    assertThat(scrape.sum("kafka_consumer_fetch_manager_records_consumed_total")).isPositive();
    assertThat(
            scrape.samples().keySet().stream()
                .filter(sample -> sample.matches(".*[0-9a-f]{8}-[0-9a-f]{4}-.*")))
        .as("labels that are new at every start")
        .isEmpty();
  }
}
