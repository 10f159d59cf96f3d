package dev.vmoe.streams.topology;

import static dev.vmoe.streams.tracing.OtlpReceiver.attribute;
import static dev.vmoe.streams.tracing.OtlpReceiver.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.Scrape;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.tracing.OtlpReceiver;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** A trace from a producer through a pipeline on a real broker to a consumer, by way of OTLP. */
class TracesIT {

  private static final int PARTITIONS = 3;
  private static final int IMAGES = 60;

  /** Spans by id, as a collector would put them together. */
  private final Map<String, Span> byId = new HashMap<>();

  @Test
  void shouldLeadFromTheProducerThroughTheBatchToTheConsumer() throws Exception {
    try (OtlpReceiver collector = OtlpReceiver.start();
        Workbench workbench = Workbench.open(PARTITIONS);
        FakeClassifier classifier = new FakeClassifier(Duration.ofMillis(20));
        Answers answers = Answers.of(workbench)) {
      try (Meters meters = new Meters();
          Pipeline pipeline = start(workbench, classifier, meters, collector.endpoint())) {
        assertThat(pipeline.awaitRunning(Duration.ofSeconds(30))).isTrue();
        produce(workbench, collector.endpoint());
        await().atMost(Duration.ofSeconds(60)).until(() -> answers.poll() >= IMAGES + 2);
      } // and what was not sent yet is sent

      collector.spans().forEach(span -> byId.put(hex(span.getSpanId()), span));
      assertThat(collector.spans("process " + workbench.topic("images"))).hasSize(IMAGES + 2);
      for (int i = 0; i < IMAGES; i++) {
        assertTrace(workbench, answers.predictions.records.get(i), answers.predictions.read.get(i));
      }
      assertDeadLetters(workbench, answers);
      assertBatches(workbench, collector, classifier);
    }
  }

  private static Pipeline start(
      Workbench workbench, FakeClassifier classifier, Meters meters, String endpoint) {
    return Pipeline.start(
        workbench.settings(
            Map.of(
                Settings.TRACING_OTLP_ENDPOINT,
                endpoint,
                Settings.BATCH_LINGER_MS,
                100,
                "streams.num.stream.threads",
                2)),
        classifier,
        new FakeDecoder(8 * 8 * 3),
        ControllerFactory.fixed(),
        Pipeline.metrics(meters, classifier.card()));
  }

  /** Sends images and what is none, each from a span of its own. */
  private static void produce(Workbench workbench, String endpoint) {
    try (SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .addSpanProcessor(
                BatchSpanProcessor.builder(
                        OtlpHttpSpanExporter.builder().setEndpoint(endpoint + "/v1/traces").build())
                    .build())
            .build()) {
      Tracer tracer = provider.get("camera");
      for (int i = 0; i < IMAGES + 2; i++) {
        io.opentelemetry.api.trace.Span span =
            tracer.spanBuilder("take").setSpanKind(SpanKind.PRODUCER).startSpan();
        Map<String, String> headers = new HashMap<>();
        W3CTraceContextPropagator.getInstance()
            .inject(Context.root().with(span), headers, (all, name, value) -> all.put(name, value));
        byte[] value = FakeDecoder.grey(i);
        if (i < IMAGES + 1) {
          headers.put("content-type", "image/grey");
        }
        if (i >= IMAGES) {
          value = "rubbish".getBytes(); // once an image of no format, once no image request
        }
        workbench.sendBytes(i % PARTITIONS, "image " + i, value, headers);
        span.end();
      }
      workbench.flush();
    }
  }

  /** The prediction's header leads back to the producer, and across the link to the batch. */
  private void assertTrace(
      Workbench workbench, ConsumerRecord<byte[], byte[]> record, Prediction prediction) {
    Span send = named(record);
    Span process = parent(send);
    Span take = parent(process);
    assertThat(send.getName()).isEqualTo("send " + workbench.topic("predictions"));
    assertThat(process.getName()).isEqualTo("process " + workbench.topic("images"));
    assertThat(take.getName()).isEqualTo("take");
    assertThat(List.of(send.getTraceId(), process.getTraceId())).containsOnly(take.getTraceId());
    assertAttributes(process, prediction);
    assertThat(take.getStartTimeUnixNano()).isLessThanOrEqualTo(process.getStartTimeUnixNano());

    Map<String, Span> steps =
        byId.values().stream()
            .filter(span -> span.getParentSpanId().equals(process.getSpanId()))
            .collect(Collectors.toMap(Span::getName, span -> span));
    assertThat(steps).containsOnlyKeys("queue", "decode", "run", send.getName());
    Span queue = steps.get("queue");
    Span decode = steps.get("decode");
    Span run = steps.get("run");
    assertThat(
            List.of(
                process.getStartTimeUnixNano(),
                queue.getStartTimeUnixNano(),
                decode.getStartTimeUnixNano(),
                decode.getEndTimeUnixNano(),
                queue.getEndTimeUnixNano(),
                run.getEndTimeUnixNano(),
                send.getStartTimeUnixNano(),
                process.getEndTimeUnixNano()))
        .isSorted();
    assertThat(run.getStartTimeUnixNano()).isEqualTo(queue.getEndTimeUnixNano());

    Span batch = byId.get(hex(run.getLinks(0).getSpanId()));
    assertThat(attribute(batch, "vmoe.batch.id").getStringValue())
        .isEqualTo(prediction.getBatchId());
    assertThat(batch.getLinksList()).extracting(Span.Link::getSpanId).contains(process.getSpanId());
  }

  private Span named(ConsumerRecord<byte[], byte[]> record) {
    String[] parts = Answers.header(record, "traceparent").split("-");
    Span span = byId.get(parts[2]);
    assertThat(hex(span.getTraceId())).isEqualTo(parts[1]);
    return span;
  }

  private Span parent(Span span) {
    return byId.get(hex(span.getParentSpanId()));
  }

  private static void assertAttributes(Span process, Prediction prediction) {
    assertThat(attribute(process, "messaging.system").getStringValue()).isEqualTo("kafka");
    assertThat(attribute(process, "messaging.destination.name").getStringValue())
        .isEqualTo(prediction.getSourceTopic());
    assertThat(attribute(process, "messaging.destination.partition.id").getStringValue())
        .isEqualTo(Integer.toString(prediction.getSourcePartition()));
    assertThat(attribute(process, "messaging.kafka.offset").getIntValue())
        .isEqualTo(prediction.getSourceOffset());
    assertThat(attribute(process, "messaging.batch.message_count").getIntValue())
        .isEqualTo(prediction.getBatchSize());
    assertThat(attribute(process, "vmoe.class").getStringValue())
        .isEqualTo(prediction.getTop().get(0).getLabel());
    assertThat(attribute(process, "vmoe.model").getStringValue()).isEqualTo("fake");
    assertThat(attribute(process, "vmoe.experts_per_token").getIntValue()).isEqualTo(2);
    assertThat(attribute(process, "vmoe.capacity_ratio.effective").getDoubleValue())
        .isEqualTo(prediction.getEffectiveCapacityRatio());
    assertThat(attribute(process, "vmoe.batch.flush_reason").getStringValue())
        .isEqualTo(prediction.getFlushReason());
  }

  private void assertDeadLetters(Workbench workbench, Answers answers) {
    assertThat(answers.letters.records).hasSize(2);
    for (ConsumerRecord<byte[], byte[]> letter : answers.letters.records) {
      Span send = named(letter);
      Span process = parent(send);
      assertThat(send.getName()).isEqualTo("send " + workbench.topic("images.dlq"));
      assertThat(process.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
      assertThat(process.getStatus().getMessage())
          .isEqualTo(Answers.header(letter, DeadLetter.MESSAGE));
      assertThat(attribute(process, "error.type").getStringValue())
          .isEqualTo(Answers.header(letter, DeadLetter.EXCEPTION));
      assertThat(parent(process).getName()).isEqualTo("take");
    }
  }

  /** One span a batch, however many partitions it came from; each image linked once. */
  private static void assertBatches(
      Workbench workbench, OtlpReceiver collector, FakeClassifier classifier) {
    List<Span> batches = collector.spans("classify fake");
    assertThat(batches).hasSize(classifier.runs()).hasSizeLessThan(IMAGES / 2);
    assertThat(batches)
        .allSatisfy(
            batch ->
                assertThat(attribute(batch, "messaging.batch.message_count").getIntValue())
                    .isEqualTo(batch.getLinksCount()));
    List<String> linked =
        batches.stream()
            .flatMap(batch -> batch.getLinksList().stream())
            .map(link -> hex(link.getSpanId()))
            .toList();
    Set<String> answered = new TreeSet<>();
    for (Span process : collector.spans("process " + workbench.topic("images"))) {
      if (process.getStatus().getCode() != Status.StatusCode.STATUS_CODE_ERROR) {
        answered.add(hex(process.getSpanId()));
      }
    }
    assertThat(linked).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(answered);
  }

  @Test
  void shouldAnswerEveryImageWhereNoCollectorListens() throws Exception {
    int images = 500;
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    try (Workbench workbench = Workbench.open(PARTITIONS);
        FakeClassifier classifier = new FakeClassifier();
        Answers answers = Answers.of(workbench);
        Meters meters = new Meters();
        Pipeline pipeline = start(workbench, classifier, meters, "http://127.0.0.1:" + port)) {
      assertThat(pipeline.awaitRunning(Duration.ofSeconds(30))).isTrue();
      for (int i = 0; i < images; i++) {
        workbench.send(i % PARTITIONS, "image " + i, FakeDecoder.grey(i % 256));
      }
      workbench.flush();

      await().atMost(Duration.ofSeconds(60)).until(() -> answers.poll() >= images);
      answers.assertExactlyOnce();
      assertThat(answers.predictions.records)
          .allSatisfy(
              record ->
                  assertThat(Answers.header(record, "traceparent"))
                      .matches("00-\\w{32}-\\w{16}-0[13]"));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> Scrape.of(meters).value("vmoe_spans_dropped_total{cause=\"export\"}") > 0);
      assertThat(Scrape.of(meters).value("vmoe_spans_exported_total")).isZero();
    }
  }
}
