package dev.vmoe.streams.tracing;

import dev.vmoe.streams.metrics.TraceMetrics;
import dev.vmoe.streams.settings.Settings;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The traces of one instance: off, or sent to a collector.
 *
 * <p>OpenTelemetry's own variables ({@code OTEL_…}) set what {@link Settings} does not.
 */
public final class Tracing implements AutoCloseable {

  /** Maximum time that closing waits for the last spans to be sent. */
  static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(Tracing.class);

  private static final String ENDPOINT = "otel.exporter.otlp.endpoint";
  private static final String TRACES_ENDPOINT = "otel.exporter.otlp.traces.endpoint";
  private static final String TRACES_PATH = "/v1/traces";

  /**
   * Defaults that OpenTelemetry's variables may change. A batch may have more images than a span
   * has links by default, and its default queue is full after half a second of images.
   */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "otel.exporter.otlp.protocol", "http/protobuf",
          "otel.span.link.count.limit", "4096",
          "otel.bsp.max.queue.size", "8192",
          "otel.bsp.max.export.batch.size", "1024",
          "otel.bsp.schedule.delay", "1000");

  /** Tracing that does nothing. */
  public static final Tracing OFF = new Tracing(null, null);

  private final @Nullable OpenTelemetrySdk sdk;
  private final @Nullable Tracer tracer;

  private Tracing(@Nullable OpenTelemetrySdk sdk, @Nullable Tracer tracer) {
    this.sdk = sdk;
    this.tracer = tracer;
  }

  /**
   * Starts tracing if an endpoint is set, in the settings or in {@code
   * OTEL_EXPORTER_OTLP_ENDPOINT}.
   *
   * @throws ConfigException if OpenTelemetry refuses the settings or its variables
   */
  public static Tracing start(Settings settings, TraceMetrics metrics) {
    String endpoint = endpoint(settings);
    if (endpoint == null) {
      return OFF;
    }
    OpenTelemetryLog.takeOver();
    QueueDrops drops = new QueueDrops();
    OpenTelemetrySdk sdk;
    try {
      sdk =
          AutoConfiguredOpenTelemetrySdk.builder()
              .addPropertiesSupplier(() -> DEFAULTS)
              .addPropertiesCustomizer(config -> decided(settings, config))
              .addSamplerCustomizer((sampler, config) -> new LinkedSampler(sampler))
              .addSpanExporterCustomizer(
                  (exporter, config) -> new WatchedExporter(exporter, endpoint, metrics))
              .addMeterProviderCustomizer((meters, config) -> meters.registerMetricReader(drops))
              .disableShutdownHook()
              .build()
              .getOpenTelemetrySdk();
    } catch (ConfigurationException | IllegalArgumentException | IllegalStateException e) {
      throw new ConfigException(
          "traces cannot be sent to %s: %s. Set tracing.otlp.endpoint to a collector that takes OTLP"
                  .formatted(endpoint, rootCause(e).getMessage())
              + " over HTTP (http://host:4318), and correct or remove the OTEL_… variables");
    }
    metrics.queueDrops(drops::count);
    log.info("traces go to {}", endpoint);
    return new Tracing(sdk, sdk.getTracer("dev.vmoe"));
  }

  /** Returns the collector's address; null if none is set. */
  private static @Nullable String endpoint(Settings settings) {
    String ours = settings.getString(Settings.TRACING_OTLP_ENDPOINT);
    if (ours != null) {
      return ours;
    }
    String ofTraces = ofOpenTelemetry(TRACES_ENDPOINT);
    return ofTraces == null ? ofOpenTelemetry(ENDPOINT) : ofTraces;
  }

  /** Reads a value as OpenTelemetry does: a system property, then the variable of the same name. */
  private static @Nullable String ofOpenTelemetry(String name) {
    String variable = name.replace('.', '_').toUpperCase(Locale.ROOT);
    String value = System.getProperty(name, System.getenv(variable));
    return value == null || value.isBlank() ? null : value;
  }

  /** Returns the values of the settings, and those that no variable may change. */
  private static Map<String, String> decided(Settings settings, ConfigProperties config) {
    Map<String, String> decided = new HashMap<>();
    decided.put("otel.metrics.exporter", "none");
    decided.put("otel.logs.exporter", "none");
    decided.put("otel.experimental.sdk.telemetry.version", "latest"); // QueueDrops reads its metric
    String endpoint = settings.getString(Settings.TRACING_OTLP_ENDPOINT);
    if (endpoint != null) {
      String base = endpoint.replaceFirst("/+$", "");
      decided.put(TRACES_ENDPOINT, base.endsWith(TRACES_PATH) ? base : base + TRACES_PATH);
    }
    if (config.getString("otel.service.name") == null
        && !config.getMap("otel.resource.attributes").containsKey("service.name")) {
      decided.put("otel.service.name", settings.getString(Settings.APPLICATION_ID));
    }
    return decided;
  }

  private static Throwable rootCause(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** Returns whether images have traces. */
  public boolean isOn() {
    return tracer != null;
  }

  /**
   * Continues the trace that a record's headers name, or begins one.
   *
   * @param topic that the record was read from
   */
  public ImageTrace image(String topic, Headers headers) {
    return tracer == null ? ImageTrace.NONE : ImageTrace.begin(tracer, topic, headers);
  }

  /**
   * Adds the span of a micro-batch that has run, linked to those of its images.
   *
   * @param name of the span
   * @param images traces of the images that ran
   * @param startNanos start of the run, by {@link System#nanoTime}
   * @param endNanos end, by the same clock
   * @param attributes of the span; asked for only if it is sampled
   * @return the span's context; invalid if none of its images is sampled
   */
  public SpanContext batch(
      String name,
      List<ImageTrace> images,
      long startNanos,
      long endNanos,
      Supplier<Attributes> attributes) {
    List<ImageTrace> sampled = images.stream().filter(ImageTrace::sampled).toList();
    if (sampled.isEmpty()) {
      return SpanContext.getInvalid();
    }
    ImageTrace.ClockPair now = ImageTrace.ClockPair.now();
    SpanBuilder builder =
        Objects.requireNonNull(tracer)
            .spanBuilder(name)
            .setNoParent()
            .setStartTimestamp(now.epochNanosAt(startNanos), TimeUnit.NANOSECONDS)
            .setAllAttributes(attributes.get());
    sampled.forEach(image -> builder.addLink(image.context()));
    Span span = builder.startSpan();
    span.end(now.epochNanosAt(endNanos), TimeUnit.NANOSECONDS);
    return span.getSpanContext();
  }

  /** Sends the remaining spans, within {@link #CLOSE_LIMIT}. */
  @Override
  public void close() {
    if (sdk != null
        && !sdk.shutdown().join(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS).isSuccess()) {
      log.warn("the last spans were not exported within {}", CLOSE_LIMIT);
    }
  }

  /**
   * Samples a root span with links, as a micro-batch has, if one of the linked spans is sampled;
   * leaves all other spans to another sampler.
   */
  private record LinkedSampler(Sampler others) implements Sampler {

    @Override
    public SamplingResult shouldSample(
        Context parent,
        String traceId,
        String name,
        SpanKind kind,
        Attributes attributes,
        List<LinkData> links) {
      if (links.isEmpty() || Span.fromContext(parent).getSpanContext().isValid()) {
        return others.shouldSample(parent, traceId, name, kind, attributes, links);
      }
      return links.stream().anyMatch(link -> link.getSpanContext().isSampled())
          ? SamplingResult.recordAndSample()
          : SamplingResult.drop();
    }

    @Override
    public String getDescription() {
      return "LinkedSampler{" + others.getDescription() + "}";
    }
  }
}
