package dev.vmoe.streams.tracing;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.Context;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.header.Headers;

/**
 * The spans of one image, from reading to emission. An unsampled trace only keeps the context for
 * the headers.
 *
 * <p>Belongs to one stream thread; in between, an inference thread sets the batch that the image
 * was in. An image that is never emitted ends no spans and so leaves none.
 */
public final class ImageTrace {

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
    Context parent = TraceHeaders.read(headers);
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
      TraceHeaders.write(Context.root().with(named), newTrace, headers);
    } else if (newTrace) {
      TraceHeaders.write(inImage, true, headers);
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
}
