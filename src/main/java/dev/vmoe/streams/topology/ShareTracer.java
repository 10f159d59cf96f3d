package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.tracing.ImageTrace;
import dev.vmoe.streams.tracing.SpanAttributes;
import dev.vmoe.streams.tracing.Tracing;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanContext;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Traces images and batches. Spans are written once their step is over, from times that are
 * measured anyway, so an image whose trace is not sampled costs next to nothing.
 */
public final class ShareTracer implements ImageObserver {

  private final Tracing tracing;
  private final Topics topics;
  private final String group;

  /**
   * Creates a tracer.
   *
   * @param tracing stays the caller's to close
   * @param group the consumer group
   */
  public ShareTracer(Tracing tracing, Topics topics, String group) {
    this.tracing = tracing;
    this.topics = topics;
    this.group = group;
  }

  /** Begins or continues the trace of a record that was read. */
  @Override
  public ImageTrace received(Record<byte[], byte[]> record, RecordMetadata position) {
    ImageTrace trace = tracing.image(position.topic(), record.headers());
    if (trace.sampled()) {
      trace.describe(
          messaging(position.topic())
              .put(SpanAttributes.OPERATION_NAME, "process")
              .put(SpanAttributes.OPERATION_TYPE, "process")
              .put(SpanAttributes.CONSUMER_GROUP, group)
              .put(SpanAttributes.PARTITION, Integer.toString(position.partition()))
              .put(SpanAttributes.OFFSET, position.offset())
              .build());
    }
    return trace;
  }

  /** Adds the span of the batch. */
  @Override
  public void ran(BatchRun run, List<QueuedRecord> images) {
    BatchResult result = run.result();
    if (!tracing.isOn() || result == null) {
      return;
    }
    List<ImageTrace> traces = images.stream().map(QueuedRecord::trace).toList();
    SpanContext span =
        tracing.batch(
            "classify " + run.card().name(),
            traces,
            run.startNanos(),
            run.startNanos() + result.inferenceNanos(),
            () -> attributes(run, result));
    traces.forEach(trace -> trace.ranIn(span));
  }

  private Attributes attributes(BatchRun run, BatchResult result) {
    // A batch of several topics has no one destination; its images have theirs.
    List<String> from = topics.images();
    AttributesBuilder to = from.size() == 1 ? messaging(from.get(0)) : kafka();
    return ofBatch(to, run, result)
        .put(SpanAttributes.DECISION, Objects.requireNonNull(run.decision()).reason())
        .build();
  }

  /** Adds what is said of a batch, at its own span and at that of each of its images. */
  private AttributesBuilder ofBatch(AttributesBuilder to, BatchRun run, BatchResult result) {
    RoutingSettings asked = result.settings();
    return to.put(SpanAttributes.MESSAGES, (long) run.numImages())
        .put(SpanAttributes.MODEL, run.card().name())
        .put(SpanAttributes.BATCH_ID, run.id())
        .put(SpanAttributes.FLUSH_REASON, run.flushReason().label())
        .put(SpanAttributes.REQUESTED_RATIO, asked.capacityRatio())
        .put(SpanAttributes.EFFECTIVE_RATIO, result.effectiveCapacityRatio())
        .put(SpanAttributes.EXPERTS_PER_TOKEN, (long) asked.expertsPerToken())
        .put(SpanAttributes.ROUTING, asked.routing().label());
  }

  private static AttributesBuilder messaging(String destination) {
    return kafka().put(SpanAttributes.DESTINATION, destination);
  }

  private static AttributesBuilder kafka() {
    return Attributes.builder().put(SpanAttributes.SYSTEM, "kafka");
  }

  /** Adds the spans of the image's steps. */
  @Override
  public void answering(
      BatchRun run, Answer.Classified<QueuedRecord> answer, Prediction prediction) {
    ImageTrace trace = answer.origin().trace();
    if (!trace.sampled()) {
      return;
    }
    long startNanos = run.startNanos();
    trace.step("queue", startNanos - answer.queueNanos(), startNanos);
    trace.step(
        "decode", answer.decodeStartNanos(), answer.decodeStartNanos() + answer.decodeNanos());
    BatchResult result = Objects.requireNonNull(run.result());
    trace.run(startNanos, startNanos + result.inferenceNanos());
    trace.describe(
        ofBatch(Attributes.builder(), run, result)
            .put(SpanAttributes.CLASS, prediction.getTop().get(0).getLabel())
            .put(SpanAttributes.SCORE, (double) prediction.getTop().get(0).getScore())
            .put(SpanAttributes.PROCESSED_SHARE, (double) prediction.getProcessedShare())
            .build());
    trace.sends(topics.predictions());
  }

  /** Says in the image's span why it has no answer. */
  @Override
  public void refusing(Answer.Rejected<QueuedRecord> answer) {
    ImageTrace trace = answer.origin().trace();
    if (trace.sampled()) {
      trace.refused(DeadLetter.kind(answer), answer.reason());
      trace.sends(topics.deadLetters());
    }
  }

  @Override
  public void sending(QueuedRecord image, Headers headers) {
    image.trace().carry(headers);
  }

  @Override
  public void sent(QueuedRecord image) {
    image.trace().end();
  }
}
