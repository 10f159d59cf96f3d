package dev.vmoe.streams.tracing;

import static dev.vmoe.streams.tracing.OtlpReceiver.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.metrics.Scrape;
import dev.vmoe.streams.settings.Settings;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.proto.trace.v1.Span;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class TracingTest {

  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String PARENT = "b7ad6b7169203331";
  private static final String SAMPLED = "00-" + TRACE + "-" + PARENT + "-01";
  private static final String NOT_SAMPLED = "00-" + TRACE + "-" + PARENT + "-00";

  private final Meters meters = new Meters();
  private final PipelineMetrics metrics = new PipelineMetrics(meters, List.of(), 0, List.of());
  private final Map<String, Object> properties = new HashMap<>();
  private OtlpReceiver receiver;

  @BeforeEach
  void open() throws Exception {
    receiver = OtlpReceiver.start();
    properties.put(Settings.TRACING_OTLP_ENDPOINT, receiver.endpoint());
  }

  @AfterEach
  void close() {
    System.clearProperty("otel.exporter.otlp.endpoint");
    System.clearProperty("otel.exporter.otlp.protocol");
    System.clearProperty("otel.service.name");
    System.clearProperty("otel.traces.sampler");
    System.clearProperty("otel.traces.sampler.arg");
    receiver.close();
    meters.close();
  }

  private Tracing start() {
    return Tracing.start(new Settings(properties), metrics.traces());
  }

  private static Headers headers(String... namesAndTexts) {
    Headers headers = new RecordHeaders();
    for (int i = 0; i < namesAndTexts.length; i += 2) {
      headers.add(namesAndTexts[i], namesAndTexts[i + 1].getBytes(StandardCharsets.UTF_8));
    }
    return headers;
  }

  private static String text(Headers headers, String name) {
    return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  /** Takes an image through all steps; returns the headers of what is sent. */
  private static Headers emit(ImageTrace trace, Headers received) {
    Headers sent = new RecordHeaders(received);
    trace.sends("predictions");
    trace.carry(sent);
    trace.end();
    return sent;
  }

  private static Headers emit(Tracing tracing, Headers received) {
    return emit(tracing.image("images", received), received);
  }

  private Span only(String name) {
    assertThat(receiver.spans(name)).hasSize(1);
    return receiver.spans(name).get(0);
  }

  @Test
  void shouldGoOnWithTheTraceThatTheHeadersName() {
    Headers sent;
    try (Tracing tracing = start()) {
      sent = emit(tracing, headers("traceparent", SAMPLED, "tracestate", "a=1,b=2", "camera", "7"));
    }

    Span process = only("process images");
    Span send = only("send predictions");
    assertThat(hex(process.getTraceId())).isEqualTo(TRACE);
    assertThat(hex(process.getParentSpanId())).isEqualTo(PARENT);
    assertThat(process.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CONSUMER);
    assertThat(process.getTraceState()).isEqualTo("a=1,b=2");
    assertThat(hex(send.getTraceId())).isEqualTo(TRACE);
    assertThat(send.getParentSpanId()).isEqualTo(process.getSpanId());
    assertThat(send.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_PRODUCER);
    assertThat(text(sent, "traceparent"))
        .isEqualTo("00-" + TRACE + "-" + hex(send.getSpanId()) + "-01");
    assertThat(sent.headers("traceparent")).hasSize(1);
    assertThat(text(sent, "tracestate")).isEqualTo("a=1,b=2");
    assertThat(text(sent, "camera")).isEqualTo("7");
  }

  @Test
  void shouldPassATraceOnThatIsNotSampled() {
    Headers received = headers("traceparent", NOT_SAMPLED, "tracestate", "a=1", "camera", "7");
    Headers sent;
    try (Tracing tracing = start()) {
      sent = emit(tracing, received);
    }

    assertThat(sent).isEqualTo(received);
    assertThat(receiver.spans()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "rubbish",
        "00-ab-cd-01",
        "ff-" + TRACE + "-" + PARENT + "-01",
        "00-00000000000000000000000000000000-" + PARENT + "-01",
        "00-" + TRACE + "-0000000000000000-01",
        "00-" + TRACE + "-" + PARENT + "-01-more",
        "00-0AF7651916CD43DD8448EB211C80319C-" + PARENT + "-\u0000\u0000"
      })
  void shouldBeginATraceInThePlaceOfAMalformedOne(String malformed) {
    Headers sent;
    try (Tracing tracing = start()) {
      sent = emit(tracing, headers("traceparent", malformed, "tracestate", "a=1"));
    }

    Span process = only("process images");
    assertThat(process.getParentSpanId().isEmpty()).isTrue();
    assertThat(hex(process.getTraceId())).isNotEqualTo(TRACE);
    assertThat(text(sent, "traceparent"))
        .matches(
            "00-%s-%s-0[13]"
                .formatted(hex(process.getTraceId()), hex(only("send predictions").getSpanId())));
    assertThat(sent.headers("traceparent")).hasSize(1);
    assertThat(sent.lastHeader("tracestate")).as("state of the trace that is not gone on").isNull();
  }

  @Test
  void shouldTakeAHeaderWithoutValueForNone() {
    Headers received = new RecordHeaders();
    received.add("traceparent", null);
    try (Tracing tracing = start()) {
      assertThat(text(emit(tracing, received), "traceparent")).matches("00-\\w{32}-\\w{16}-0[13]");
    }
  }

  private static void sample(String ratio) {
    System.setProperty("otel.traces.sampler", "parentbased_traceidratio");
    System.setProperty("otel.traces.sampler.arg", ratio);
  }

  @Test
  void shouldSayWhereATraceThatIsItsOwnIsNotSampled() {
    sample("0");
    Headers sent;
    try (Tracing tracing = start()) {
      sent = emit(tracing, headers("camera", "7"));
      emit(tracing, headers("traceparent", SAMPLED));
    }

    assertThat(text(sent, "traceparent")).matches("00-\\w{32}-\\w{16}-0[02]");
    assertThat(hex(only("process images").getTraceId())).isEqualTo(TRACE);
  }

  @Test
  void shouldSampleTheShareThatIsSet() {
    sample("0.25");
    int sampled = 0;
    try (Tracing tracing = start()) {
      for (int i = 0; i < 4000; i++) {
        sampled += tracing.image("images", headers()).sampled() ? 1 : 0;
      }
    }

    assertThat(sampled).isBetween(800, 1200); // 7 standard deviations
  }

  @Test
  void shouldLinkABatchToAllItsImagesAndThemToIt() {
    int images = 300; // more than a span has links by default
    List<ImageTrace> traces;
    try (Tracing tracing = start()) {
      traces =
          IntStream.range(0, images).mapToObj(i -> tracing.image("images", headers())).toList();
      long startNanos = System.nanoTime();
      SpanContext batch = classify(tracing, traces, startNanos);
      for (ImageTrace trace : traces) {
        trace.ranIn(batch);
        trace.run(startNanos, startNanos + 1000);
        emit(trace, headers());
      }
    }

    Span batch = only("classify model");
    assertThat(batch.getParentSpanId().isEmpty()).isTrue();
    assertThat(batch.getEndTimeUnixNano() - batch.getStartTimeUnixNano()).isEqualTo(1000);
    assertThat(batch.getLinksList())
        .extracting(link -> hex(link.getTraceId()) + hex(link.getSpanId()))
        .containsExactlyElementsOf(
            traces.stream()
                .map(trace -> trace.context().getTraceId() + trace.context().getSpanId())
                .toList());
    assertThat(receiver.spans("run"))
        .hasSize(images)
        .allSatisfy(
            run -> {
              assertThat(run.getLinksList()).hasSize(1);
              assertThat(run.getLinks(0).getSpanId()).isEqualTo(batch.getSpanId());
            });
  }

  private static SpanContext classify(Tracing tracing, List<ImageTrace> traces, long startNanos) {
    return tracing.batch(
        "classify model", traces, startNanos, startNanos + 1000, Attributes::empty);
  }

  @Test
  void shouldRecordABatchIfAnyOfItsImagesIs() {
    sample("0");
    try (Tracing tracing = start()) {
      List<ImageTrace> traces = new ArrayList<>();
      traces.add(tracing.image("images", headers("traceparent", NOT_SAMPLED)));
      traces.add(tracing.image("images", headers()));
      assertThat(classify(tracing, traces, 0).isValid()).isFalse();
      traces.add(tracing.image("images", headers("traceparent", SAMPLED)));
      assertThat(classify(tracing, traces, 0).isSampled()).isTrue();
    }

    assertThat(only("classify model").getLinksList())
        .extracting(link -> hex(link.getTraceId()))
        .containsExactly(TRACE);
  }

  @Test
  void shouldDoNothingWithoutAnEndpoint() {
    properties.remove(Settings.TRACING_OTLP_ENDPOINT);
    Headers received = headers("traceparent", "rubbish", "tracestate", "a=1", "camera", "7");
    try (Tracing tracing = start()) {
      assertThat(tracing.isOn()).isFalse();
      assertThat(emit(tracing, received)).isEqualTo(received);
      assertThat(emit(tracing, headers())).isEmpty();
    }
    assertThat(receiver.requests()).isZero();
  }

  @Test
  void shouldTakeFromOpenTelemetryWhatIsNotSet() {
    properties.remove(Settings.TRACING_OTLP_ENDPOINT);
    System.setProperty("otel.exporter.otlp.endpoint", receiver.endpoint());
    System.setProperty("otel.service.name", "shop");
    try (Tracing tracing = start()) {
      emit(tracing, headers());
    }
    System.setProperty("otel.traces.sampler", "always_off");
    try (Tracing tracing = start()) {
      emit(tracing, headers());
    }

    assertThat(receiver.spans("process images")).hasSize(1);
    assertThat(service()).isEqualTo("shop");
  }

  @Test
  void shouldPreferItsOwnSettings() {
    System.setProperty("otel.exporter.otlp.endpoint", "http://127.0.0.1:1");
    properties.put(Settings.TRACING_OTLP_ENDPOINT, receiver.endpoint() + "/v1/traces");
    properties.put(Settings.APPLICATION_ID, "photos");
    try (Tracing tracing = start()) {
      emit(tracing, headers());
    }

    assertThat(receiver.spans("process images")).hasSize(1);
    assertThat(service()).isEqualTo("photos");
  }

  private String service() {
    return OtlpReceiver.attribute(receiver.resources().get(0).getAttributesList(), "service.name")
        .getStringValue();
  }

  @Test
  void shouldRefuseAProtocolThatItDoesNotSpeak() {
    System.setProperty("otel.exporter.otlp.protocol", "grpc");

    assertThatThrownBy(this::start)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(receiver.endpoint())
        .hasMessageContaining("OTLP over HTTP");
  }

  @Test
  void shouldLogOnceThatTheCollectorRefusesAndCountTheSpans() {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(WatchedExporter.class);
    lines.start();
    logger.addAppender(lines);
    logger.setLevel(Level.INFO);
    receiver.answer(401);
    try (Tracing tracing = start()) {
      for (int round = 1; round <= 3; round++) {
        emit(tracing, headers());
        awaitValue("vmoe_spans_dropped_total{cause=\"export\"}", 2 * round);
      }
      receiver.answer(200);
      emit(tracing, headers());
      awaitValue("vmoe_spans_exported_total", 2);
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }

    assertThat(lines.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .filteredOn(line -> line.contains(receiver.endpoint()))
        .satisfiesExactly(
            line -> assertThat(line).contains("do not reach " + receiver.endpoint(), "401"),
            line -> assertThat(line).contains("reach " + receiver.endpoint() + " again"));
  }

  @Test
  void shouldCloseWithinItsBoundWhereNobodyListens() throws Exception {
    try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      properties.put(Settings.TRACING_OTLP_ENDPOINT, "http://127.0.0.1:" + deaf.getLocalPort());
      Tracing tracing = start();
      emit(tracing, headers());
      long startNanos = System.nanoTime();
      tracing.close();

      assertThat(Duration.ofNanos(System.nanoTime() - startNanos))
          .isLessThan(Tracing.CLOSE_LIMIT.plusSeconds(2));
    }
  }

  @Test
  void shouldDropAndCountWhatComesFasterThanItCanBeSent() {
    CountDownLatch collector = receiver.hold();
    int images = 10_000; // two spans each; 8192 fit, and 1024 are on their way
    try (Tracing tracing = start()) {
      long startNanos = System.nanoTime();
      for (int i = 0; i < images; i++) {
        emit(tracing, headers());
      }
      assertThat(System.nanoTime() - startNanos)
          .as("nobody waits for the collector")
          .isLessThan(TimeUnit.SECONDS.toNanos(10));
      awaitAtLeast("vmoe_spans_dropped_total{cause=\"queue\"}", 2 * images - 8192 - 1024);
      collector.countDown();
    }

    Scrape scrape = Scrape.of(meters);
    assertThat(
            scrape.value("vmoe_spans_exported_total")
                + scrape.value("vmoe_spans_dropped_total{cause=\"queue\"}"))
        .isEqualTo(2 * images);
    assertThat(receiver.spans()).hasSize((int) scrape.value("vmoe_spans_exported_total"));
  }

  private void awaitValue(String sample, double value) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(Scrape.of(meters).value(sample)).isEqualTo(value));
  }

  private void awaitAtLeast(String sample, double value) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> assertThat(Scrape.of(meters).value(sample)).isGreaterThanOrEqualTo(value));
  }
}
