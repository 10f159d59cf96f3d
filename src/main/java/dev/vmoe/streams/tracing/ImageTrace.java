package dev.vmoe.streams.tracing;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The spans of one image, from reading to emission. An unsampled trace only keeps the context for
 * the headers.
 *
 * <p>Belongs to one stream thread; in between, an inference thread sets the batch that the image
 * was in. An image that is never emitted ends no spans and so leaves none.
 */
public final class ImageTrace {

  static final String TRACEPARENT = "traceparent";
  static final String TRACESTATE = "tracestate";

  private static final Tracer NO_TRACER = TracerProvider.noop().get("");

  /** The trace of every image while tracing is off: it leaves headers unchanged. */
  public static final ImageTrace NONE =
      new ImageTrace(NO_TRACER, Span.getInvalid(), false, new ClockPair(0, 0));

  private final Tracer tracer;
  private final Span image;
  private final Context inImage;
  private final boolean newTrace;
  private final ClockPair received;
  private SpanContext batch = SpanContext.getInvalid();
  private Span sending = Span.getInvalid();

  private ImageTrace(Tracer tracer, Span image, boolean newTrace, ClockPair received) {
    this.tracer = tracer;
    this.image = image;
    this.inImage = Context.root().with(image);
    this.newTrace = newTrace;
    this.received = received;
  }

  /**
   * Continues the trace that the headers name, or begins one.
   *
   * @param destination topic that the image was read from
   * @param headers of its record
   */
  static ImageTrace begin(Tracer tracer, String destination, Headers headers) {
    Context parent = read(headers);
    ClockPair now = ClockPair.now();
    Span image =
        tracer
            .spanBuilder("process " + destination)
            .setParent(parent)
            .setSpanKind(SpanKind.CONSUMER)
            .setStartTimestamp(now.epochNanos(), TimeUnit.NANOSECONDS)
            .startSpan();
    boolean newTrace = !Span.fromContext(parent).getSpanContext().isValid();
    return new ImageTrace(tracer, image, newTrace, now);
  }

  /** Returns whether the spans are recorded. */
  public boolean sampled() {
    return image.isRecording();
  }

  /** Returns the context of the image's span. */
  SpanContext context() {
    return image.getSpanContext();
  }

  /** Adds attributes to the image's span; of use only if it is {@link #sampled}. */
  public void describe(Attributes attributes) {
    image.setAllAttributes(attributes);
  }

  /**
   * Sets the batch that the image was in.
   *
   * @param span the batch's span; an invalid one if it has none
   */
  public void ranIn(SpanContext span) {
    batch = span;
  }

  /**
   * Adds a finished step.
   *
   * @param name of the span
   * @param startNanos start, by {@link System#nanoTime}
   * @param endNanos end, by the same clock
   */
  public void step(String name, long startNanos, long endNanos) {
    end(builder(name, startNanos).startSpan(), endNanos);
  }

  /** Adds the run of the model as a step, linked to the batch's span. */
  public void run(long startNanos, long endNanos) {
    Span run = builder("run", startNanos).startSpan();
    run.addLink(batch); // the builder would allocate room for all links of a batch
    end(run, endNanos);
  }

  private SpanBuilder builder(String name, long startNanos) {
    return tracer
        .spanBuilder(name)
        .setParent(inImage)
        .setStartTimestamp(received.epochNanosAt(startNanos), TimeUnit.NANOSECONDS);
  }

  private void end(Span span, long nanoTime) {
    span.end(received.epochNanosAt(nanoTime), TimeUnit.NANOSECONDS);
  }

  /**
   * Records why there is no answer.
   *
   * @param kind kind of failure, as in the dead letter
   * @param reason for a person
   */
  public void refused(String kind, String reason) {
    image.setStatus(StatusCode.ERROR, reason);
    image.setAttribute(SpanAttributes.ERROR_TYPE, kind);
  }

  /** Begins the span of sending the answer to this topic; the headers will name this span. */
  public void sends(String destination) {
    if (!sampled()) {
      return;
    }
    sending =
        builder("send " + destination, System.nanoTime())
            .setSpanKind(SpanKind.PRODUCER)
            .setAttribute(SpanAttributes.SYSTEM, "kafka")
            .setAttribute(SpanAttributes.OPERATION_NAME, "send")
            .setAttribute(SpanAttributes.OPERATION_TYPE, "send")
            .setAttribute(SpanAttributes.DESTINATION, destination)
            .startSpan();
  }

  /**
   * Writes the trace into the headers of the answer. A trace that its producer did not sample is
   * passed on unchanged.
   */
  public void carry(Headers headers) {
    if (sampled()) {
      Span named = sending.getSpanContext().isValid() ? sending : image;
      write(Context.root().with(named), newTrace, headers);
    } else if (newTrace) {
      write(inImage, true, headers);
    }
  }

  /** Ends the spans: the answer has been handed to Kafka. */
  public void end() {
    if (sampled()) {
      long nowNanos = System.nanoTime();
      end(sending, nowNanos);
      end(image, nowNanos);
    }
  }

  /** Returns the W3C context that the headers name; malformed headers count as absent. */
  private static Context read(Headers headers) {
    return W3CTraceContextPropagator.getInstance()
        .extract(Context.root(), headers, Getter.INSTANCE);
  }

  /**
   * Replaces the span that the headers name. The vendors' state stays unchanged, unless it belongs
   * to another trace.
   *
   * @param newTrace whether the span's trace differs from the one that the headers name
   */
  private static void write(Context span, boolean newTrace, Headers headers) {
    if (newTrace) {
      headers.remove(TRACESTATE);
    }
    W3CTraceContextPropagator.getInstance()
        .inject(
            span,
            headers,
            (carrier, name, value) -> {
              if (carrier != null && name.equals(TRACEPARENT)) {
                carrier.remove(name);
                carrier.add(name, value.getBytes(StandardCharsets.US_ASCII));
              }
            });
  }

  private enum Getter implements TextMapGetter<Headers> {
    INSTANCE;

    @Override
    public Iterable<String> keys(Headers headers) {
      List<String> keys = new ArrayList<>();
      headers.forEach(header -> keys.add(header.key()));
      return keys;
    }

    @Override
    public @Nullable String get(@Nullable Headers headers, String name) {
      Header header = headers == null ? null : headers.lastHeader(name);
      return header == null || header.value() == null
          ? null
          : new String(header.value(), StandardCharsets.UTF_8);
    }
  }

  /**
   * One moment on two clocks: the wall clock that dates spans, and the clock that measures
   * durations.
   *
   * @param epochNanos nanoseconds since 1970
   * @param nanoTime {@link System#nanoTime} at the same moment
   */
  record ClockPair(long epochNanos, long nanoTime) {

    static ClockPair now() {
      Instant now = Instant.now();
      return new ClockPair(
          TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano(), System.nanoTime());
    }

    /** Returns the wall-clock time of a {@link System#nanoTime}, in nanoseconds since 1970. */
    long epochNanosAt(long thatNanoTime) {
      return epochNanos + (thatNanoTime - nanoTime);
    }
  }
}
