package dev.vmoe.streams;

import dev.vmoe.batch.Answer;
import dev.vmoe.batch.Lane;
import dev.vmoe.batch.Share;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ExpertUtilization;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * One partition's way through the micro-batcher: buffers each record, makes it wait while too much
 * is in flight, and emits finished shares whole and in offset order.
 *
 * <p>Everything here runs on the task's stream thread. An offset is in {@link PendingOffsets} from
 * {@code process} until its whole share has been forwarded.
 */
final class MicroBatchProcessor implements Processor<byte[], byte[], byte[], Object> {

  private static final Duration EMIT_EVERY = Duration.ofMillis(5);

  private final Supplier<Lane<Waiting>> lanes;
  private final RequestReader reader;
  private final ShareEvents events;
  private final CommitGuard guard;
  private final String images;
  private final int inFlightImages;

  /** What the task owns between {@code init} and {@code close}. */
  private @Nullable Task task;

  private record Task(
      ProcessorContext<byte[], Object> context,
      Lane<Waiting> lane,
      PendingOffsets.Queue pending,
      WaitBudget budget) {}

  private @Nullable Cancellable emitting;

  /**
   * Creates a processor.
   *
   * @param lanes opens a lane of the micro-batcher
   * @param reader understands records
   * @param events puts answers into events
   * @param guard keeps commits behind what is emitted
   * @param images topic that is read
   * @param inFlightImages images of the partition in the instance before reading waits
   */
  MicroBatchProcessor(
      Supplier<Lane<Waiting>> lanes,
      RequestReader reader,
      ShareEvents events,
      CommitGuard guard,
      String images,
      int inFlightImages) {
    this.lanes = lanes;
    this.reader = reader;
    this.events = events;
    this.guard = guard;
    this.images = images;
    this.inFlightImages = inFlightImages;
  }

  @Override
  public void init(ProcessorContext<byte[], Object> context) {
    TopicPartition partition = new TopicPartition(images, context.taskId().partition());
    task = new Task(context, lanes.get(), guard.pending().open(partition), guard.waitBudget());
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    Task task = running();
    RecordMetadata position =
        task.context()
            .recordMetadata()
            .orElseThrow(() -> new IllegalStateException("a record without a position"));
    try {
      buffer(task, record, position);
      enforceConstraints(task);
    } catch (RuntimeException e) {
      // Streams does not count this record as processed, so it must not stand in for others.
      task.pending().takeBack(position.offset());
      throw e;
    }
  }

  private Task running() {
    if (task == null) {
      throw new IllegalStateException("the processor is not initialised, or closed");
    }
    return task;
  }

  /** Hands a record to the micro-batcher; one that is no image goes along for the order's sake. */
  private void buffer(Task task, Record<byte[], byte[]> record, RecordMetadata position) {
    try {
      RequestReader.Request request = reader.read(record);
      task.pending().add(position.offset());
      task.lane()
          .submit(
              new Waiting(record, position, request.label(), request.attributes(), null),
              request.image());
    } catch (BadRecordException e) {
      task.pending().add(position.offset());
      task.lane().reject(new Waiting(record, position, null, Map.of(), e), e.reason());
    }
    if (emitting == null) {
      emitting =
          task.context()
              .schedule(EMIT_EVERY, PunctuationType.WALL_CLOCK_TIME, now -> emitFinished(task));
    }
  }

  /** Waits for the oldest share while the partition has too much in flight. */
  private void enforceConstraints(Task task) {
    while (task.lane().pending() >= inFlightImages && emit(task) == 0) {
      Duration left = task.budget().left();
      if (left.isZero()) {
        return; // the thread has to come to its commit; what is fetched bounds the memory
      }
      long startNanos = System.nanoTime();
      try {
        task.lane().await(left);
      } catch (InterruptedException e) {
        throw new InterruptException(e);
      } finally {
        task.budget().spend(Duration.ofNanos(System.nanoTime() - startNanos));
      }
    }
  }

  private void emitFinished(Task task) {
    emit(task);
    if (task.lane().pending() == 0) {
      stopEmitting(); // a punctuation makes the task commit, which an idle one need not
    }
  }

  /** Forwards all finished shares; returns how many. */
  private int emit(Task task) {
    int shares = 0;
    for (Share<Waiting> share = task.lane().poll(); share != null; share = task.lane().poll()) {
      forward(task.context(), share);
      for (Answer<Waiting> answer : share.answers()) {
        task.pending().emitted(answer.origin().position().offset());
      }
      shares++;
    }
    return shares;
  }

  private void forward(ProcessorContext<byte[], Object> context, Share<Waiting> share) {
    long latest = 0;
    for (Answer<Waiting> answer : share.answers()) {
      Waiting waiting = answer.origin();
      latest = Math.max(latest, waiting.record().timestamp());
      if (answer instanceof Answer.Classified<Waiting> classified) {
        Record<byte[], byte[]> record = waiting.record();
        context.forward(
            new Record<byte[], Object>(
                record.key(),
                events.prediction(share.run(), classified),
                record.timestamp(),
                new RecordHeaders(record.headers())),
            PipelineTopology.PREDICTIONS);
      } else if (answer instanceof Answer.Rejected<Waiting> rejected) {
        Record<byte[], byte[]> letter = DeadLetter.of(waiting, rejected.reason());
        context.forward(letter.withValue((Object) letter.value()), PipelineTopology.DEAD_LETTERS);
      }
    }
    Optional<ExpertUtilization> utilization = events.utilization(share);
    if (utilization.isPresent()) {
      byte[] key = share.run().id().getBytes(StandardCharsets.UTF_8);
      context.forward(
          new Record<byte[], Object>(key, utilization.get(), latest),
          PipelineTopology.EXPERT_UTILIZATION);
    }
  }

  private void stopEmitting() {
    if (emitting != null) {
      emitting.cancel();
      emitting = null;
    }
  }

  /** Drops what is in flight: it was not emitted, so it is read again by the next owner. */
  @Override
  public void close() {
    stopEmitting();
    if (task != null) {
      task.lane().close();
      task.pending().close();
      task = null;
    }
  }
}
