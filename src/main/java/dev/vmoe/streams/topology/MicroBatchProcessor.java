package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.batch.Lane;
import dev.vmoe.core.batch.Share;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.fetch.FetchLine;
import dev.vmoe.streams.commit.CommitGuard;
import dev.vmoe.streams.commit.Deadlines;
import dev.vmoe.streams.commit.HeldPartitions;
import dev.vmoe.streams.commit.PendingOffsets;
import dev.vmoe.streams.commit.StreamThreadState;
import dev.vmoe.streams.commit.Suspects;
import dev.vmoe.streams.intake.RecordSize;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.tracing.ImageTrace;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Takes the images of one partition through the micro-batcher: buffers each record, waits while too
 * much is in flight, and emits finished shares whole and in offset order. A record that may not go
 * on yet is {@linkplain HeldPartitions held}, with all behind it.
 *
 * <p>Everything here runs on the task's stream thread. An offset is in {@link PendingOffsets} from
 * {@code process} until its whole share has been forwarded.
 */
public final class MicroBatchProcessor implements Processor<byte[], byte[], byte[], Object> {

  private static final Duration EMIT_EVERY = Duration.ofMillis(5);

  /** How often it is tried whether what is held may go on. */
  private static final Duration RELEASE_EVERY = Duration.ofMillis(20);

  private final Shared shared;
  private final GuardedObserver observer;
  private final PipelineTopology.Input input;

  /** What the task owns between {@code init} and {@code close}. */
  private @Nullable Task task;

  private record Task(
      ProcessorContext<byte[], Object> context,
      Lane<Waiting> lane,
      PendingOffsets.Queue pending,
      InFlight.Partition inFlight,
      StreamThreadState thread,
      HeldPartitions.Records held,
      Suspects.Account suspects,
      PartitionRequests requests) {}

  private @Nullable Cancellable emitting;
  private @Nullable Cancellable releasing;

  /**
   * What the processors of an instance share.
   *
   * @param lanes opens a lane of the micro-batcher
   * @param reader understands records
   * @param fetches opens a partition's line of images by address
   * @param events puts answers into events
   * @param guard keeps commits behind what is emitted
   * @param inFlight bounds what the instance has in flight
   * @param earlyCommit says when answers are committed at once
   * @param deadlines says until when an image has to be answered
   * @param maxDeadLetterBytes the largest dead letter that may be sent
   */
  public record Shared(
      Supplier<Lane<Waiting>> lanes,
      RequestReader reader,
      Supplier<FetchLine> fetches,
      ShareEvents events,
      CommitGuard guard,
      InFlight inFlight,
      EarlyCommit earlyCommit,
      Deadlines deadlines,
      long maxDeadLetterBytes) {}

  /** Creates a processor of one topic that tells an observer what happens to its images. */
  public MicroBatchProcessor(
      Shared shared, GuardedObserver observer, PipelineTopology.Input input) {
    this.shared = shared;
    this.observer = observer;
    this.input = input;
  }

  @Override
  public void init(ProcessorContext<byte[], Object> context) {
    TopicPartition partition = new TopicPartition(input.topic(), context.taskId().partition());
    HeldPartitions.Records held = shared.guard().held().open(partition);
    PendingOffsets.Queue pending = shared.guard().pending().open(partition);
    task =
        new Task(
            context,
            shared.lanes().get(),
            pending,
            shared.inFlight().open(),
            shared.guard().thread(),
            held,
            shared.guard().suspects().open(partition, shared.inFlight().reach()),
            new PartitionRequests(shared, held, pending));
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    Task task = running();
    RecordMetadata position =
        task.context()
            .recordMetadata()
            .orElseThrow(() -> new IllegalStateException("a record without a position"));
    try {
      take(task, record, position);
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

  /** Hands a record to the micro-batcher, or holds it. */
  private void take(Task task, Record<byte[], byte[]> record, RecordMetadata position) {
    HeldPartitions.Held taken =
        new HeldPartitions.Held(record, position, observer.received(record, position));
    task.pending().add(position.offset());
    if (task.held().first() != null || task.inFlight().full() || !buffer(task, taken)) {
      task.held().add(taken);
      task.requests().lookAhead();
      releaseLater(task);
    }
  }

  /**
   * Hands a record to the micro-batcher; one that is no image goes along for the order's sake.
   *
   * @return false if its schema or its image is not there yet, or it may not go on yet
   */
  private boolean buffer(Task task, HeldPartitions.Held taken) {
    long bytes = RecordSize.length(taken.record().value());
    // It counts before it is asked about: who wants to be alone claims that, and looks then.
    task.inFlight().add(bytes);
    if (!submit(task, taken)) {
      task.inFlight().remove(bytes);
      return false;
    }
    observer.buffered();
    emitLater(task);
    return true;
  }

  private boolean submit(Task task, HeldPartitions.Held taken) {
    Record<byte[], byte[]> record = taken.record();
    RecordMetadata position = taken.position();
    ImageTrace trace = taken.trace();
    task.held().waitForNoFetch();
    try {
      if (task.suspects().waits(position.offset(), shared.inFlight().images() == 1)) {
        return stand(task);
      }
      if (task.suspects().poison(position.offset())) {
        throw new BadRecordException.Poison(task.suspects().deaths());
      }
      Optional<PartitionRequests.DueRequest> read = task.requests().read(record, position);
      if (read.isEmpty()) {
        task.suspects().stepAside();
        return stand(task);
      }
      if (!task.suspects().admits(position.offset())) {
        return stand(task);
      }
      task.pending().stands(false);
      RequestReader.Request request = read.get().request();
      task.lane()
          .submit(
              Waiting.of(record, position, request, trace),
              request.image(),
              request.priority(),
              read.get().dueNanos());
    } catch (BadRecordException e) {
      task.pending().stands(false);
      task.lane().reject(Waiting.refused(record, position, e, trace), e.reason());
    }
    task.requests().taken(position.offset());
    return true;
  }

  /** Says that a record may not go on, and asks for the commit that it waits for, if any. */
  private static boolean stand(Task task) {
    task.pending().stands(!task.held().waitsForFetch()); // what is fetched tells of itself
    if (task.suspects().waitsForCommit()) {
      task.context().commit();
    }
    return false;
  }

  /** Lets go what is held, as far as there is room and the schemas are known. */
  private void release(Task task) {
    HeldPartitions.Held first = task.held().first();
    while (first != null && !task.inFlight().over() && buffer(task, first)) {
      task.held().removeFirst();
      first = task.held().first();
    }
    if (first == null) {
      stopReleasing();
    }
  }

  /** Waits for the oldest share while too much is in flight; {@link InFlight} has the rule. */
  private void enforceConstraints(Task task) {
    while (task.inFlight().over()) {
      if (emit(task) > 0) {
        continue;
      }
      Duration left = task.thread().waitLeft();
      if (left.isZero()) {
        return; // the thread has to come to its commit
      }
      await(task, left);
    }
  }

  private static void await(Task task, Duration max) {
    long startNanos = System.nanoTime();
    try {
      task.lane().await(max);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    } finally {
      task.thread().waited(Duration.ofNanos(System.nanoTime() - startNanos));
    }
  }

  /** Emits and commits from time to time while there is something to, also when no record comes. */
  private void emitLater(Task task) {
    if (emitting == null) {
      emitting =
          task.context()
              .schedule(EMIT_EVERY, PunctuationType.WALL_CLOCK_TIME, now -> emitFinished(task));
    }
  }

  private void emitFinished(Task task) {
    emit(task);
    release(task);
    boolean uncommitted = task.thread().hasUncommitted();
    if (uncommitted && shared.earlyCommit().due(task.thread())) {
      task.context().commit();
      uncommitted = false; // the request stays, also through a rebalance
    }
    if (task.lane().pending() == 0 && !uncommitted) {
      stopEmitting(); // a punctuation makes the task commit, which an idle one need not
    }
  }

  /** Forwards all finished shares; returns how many. */
  private int emit(Task task) {
    int shares = 0;
    for (Share<Waiting> share = task.lane().poll(); share != null; share = task.lane().poll()) {
      forward(task, share);
      for (Answer<Waiting> answer : share.answers()) {
        task.pending().emitted(answer.origin().position().offset());
        task.inFlight().remove(RecordSize.length(answer.origin().record().value()));
        task.requests().answered(answer.origin().position().offset());
      }
      shares++;
    }
    if (shares > 0 && task.suspects().tries()) {
      task.context().commit(); // all others wait for it
    }
    return shares;
  }

  private void forward(Task task, Share<Waiting> share) {
    task.thread().emitted(share.run().endNanos());
    for (Answer<Waiting> answer : share.answers()) {
      if (answer instanceof Answer.Classified<Waiting> classified) {
        forwardPrediction(task, share.run(), classified);
      } else if (answer instanceof Answer.Rejected<Waiting> rejected) {
        forwardDeadLetter(task, rejected);
      }
      observer.sent(answer.origin());
    }
    shared.events().utilization(share).ifPresent(it -> forwardUtilization(task, share, it));
    observer.emitted(
        new ImageObserver.Emission(
            share,
            task.pending().arrivals(),
            task.context().currentSystemTimeMs(),
            System.nanoTime()));
  }

  private void forwardPrediction(Task task, BatchRun run, Answer.Classified<Waiting> classified) {
    Record<byte[], byte[]> record = classified.origin().record();
    Prediction prediction = shared.events().prediction(run, classified);
    Headers headers = new RecordHeaders(classified.origin().headers());
    observer.answering(run, classified, prediction);
    observer.sending(classified.origin(), headers);
    task.context()
        .forward(
            new Record<byte[], Object>(record.key(), prediction, record.timestamp(), headers),
            input.node(PipelineTopology.PREDICTIONS));
  }

  private void forwardDeadLetter(Task task, Answer.Rejected<Waiting> rejected) {
    Waiting waiting = rejected.origin();
    observer.refusing(rejected);
    Record<byte[], byte[]> letter =
        DeadLetter.of(
            rejected, shared.maxDeadLetterBytes(), headers -> observer.sending(waiting, headers));
    task.context()
        .forward(
            letter.withValue((Object) letter.value()), input.node(PipelineTopology.DEAD_LETTERS));
  }

  /** The event takes the time of the share's latest image. */
  private void forwardUtilization(Task task, Share<Waiting> share, ExpertUtilization utilization) {
    long latestMs = 0;
    for (Answer<Waiting> answer : share.answers()) {
      latestMs = Math.max(latestMs, answer.origin().record().timestamp());
    }
    task.context()
        .forward(
            new Record<byte[], Object>(
                share.run().id().getBytes(StandardCharsets.UTF_8), utilization, latestMs),
            input.node(PipelineTopology.EXPERT_UTILIZATION));
    observer.emitted(utilization);
  }

  private void stopEmitting() {
    if (emitting != null) {
      emitting.cancel();
      emitting = null;
    }
  }

  /** Tries from time to time to let go what is held, also when no record comes. */
  private void releaseLater(Task task) {
    if (releasing == null) {
      releasing =
          task.context()
              .schedule(RELEASE_EVERY, PunctuationType.WALL_CLOCK_TIME, now -> release(task));
    }
  }

  private void stopReleasing() {
    if (releasing != null) {
      releasing.cancel();
      releasing = null;
    }
  }

  /** Drops what is in flight: it was not emitted, so it is read again by the next owner. */
  @Override
  public void close() {
    stopEmitting();
    stopReleasing();
    if (task != null) {
      task.suspects().close();
      task.held().close();
      task.requests().close();
      task.lane().close();
      task.pending().close();
      task.inFlight().close();
      task = null;
    }
  }
}
