package dev.vmoe.tracing;

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
 * One image's spans, from reading to emission. Where the trace is not sampled it only knows what
 * the headers have to say.
 *
 * <p>Belongs to one stream thread; the inference thread says in between which batch it was in. What
 * is never emitted is never ended either, and so leaves no spans.
 */
public final class ImageTrace {

  private static final Tracer NO_TRACER = TracerProvider.noop().get("");

  /** The trace of every image while tracing is off: headers stay as they came. */
  public static final ImageTrace NONE =
      new ImageTrace(NO_TRACER, Span.getInvalid(), false, new Moment(0, 0));

  private final Tracer tracer;
  private final Span image;
  private final Context inImage;
  private final boolean newTrace;
  private final Moment received;
  private SpanContext batch = SpanContext.getInvalid();
  private Span sending = Span.getInvalid();

  private ImageTrace(Tracer tracer, Span image, boolean newTrace, Moment received) {
    this.tracer = tracer;
    this.image = image;
    this.inImage = Context.root().with(image);
    this.newTrace = newTrace;
    this.received = received;
  }

  /**
   * Goes on with the trace that the headers name, or begins one.
   *
   * @param destination topic that the image was read from
   * @param headers of its record
   */
  static ImageTrace begin(Tracer tracer, String destination, Headers headers) {
    Context parent = TraceHeaders.read(headers);
    Moment now = Moment.now();
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

  /** Returns whether anybody will see the spans. */
  public boolean sampled() {
    return image.isRecording();
  }

  /** Returns how the image's span is known to others. */
  SpanContext context() {
    return image.getSpanContext();
  }

  /** Says more of the image; of use only where it is {@link #sampled}. */
  public void describe(Attributes attributes) {
    image.setAllAttributes(attributes);
  }

  /**
   * The image was in this batch.
   *
   * @param span the batch's span; an invalid one where it has none
   */
  public void ranIn(SpanContext span) {
    batch = span;
  }

  /**
   * Adds a step that is over.
   *
   * @param name what was done
   * @param startNanos when it began, by {@link System#nanoTime}
   * @param endNanos when it ended
   */
  public void step(String name, long startNanos, long endNanos) {
    end(builder(name, startNanos).startSpan(), endNanos);
  }

  /** Adds the run of the model as a step, linked to the batch's span. */
  public void run(long startNanos, long endNanos) {
    Span run = builder("run", startNanos).startSpan();
    run.addLink(batch); // the builder would make room for as many links as a batch may have images
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

  /** There is no answer, for this reason. */
  public void refused(Class<?> type, String reason) {
    image.setStatus(StatusCode.ERROR, reason);
    image.setAttribute(SpanAttributes.ERROR_TYPE, type.getName());
  }

  /** The answer is about to be sent to this topic: from now on it is what the headers name. */
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
   * Puts the trace into the headers of what is sent. A trace that somebody else decided not to
   * sample passes as it came.
   */
  public void carry(Headers headers) {
    if (sampled()) {
      Span named = sending.getSpanContext().isValid() ? sending : image;
      TraceHeaders.write(Context.root().with(named), newTrace, headers);
    } else if (newTrace) {
      TraceHeaders.write(inImage, true, headers);
    }
  }

  /** The answer is handed to Kafka. */
  public void end() {
    if (sampled()) {
      long nowNanos = System.nanoTime();
      end(sending, nowNanos);
      end(image, nowNanos);
    }
  }
}
