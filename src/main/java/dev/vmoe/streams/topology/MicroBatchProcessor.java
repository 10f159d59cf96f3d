package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.batch.Lane;
import dev.vmoe.core.batch.Share;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.commit.Admission;
import dev.vmoe.streams.commit.CommitGuard;
import dev.vmoe.streams.commit.PartitionQueue;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.commit.StreamThreadState;
import dev.vmoe.streams.intake.RequestReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
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
 * on yet is held, with all behind it.
 *
 * <p>Everything here runs on the task's stream thread. A record is in the {@link PartitionQueue}
 * from {@code process} until its whole share has been forwarded.
 */
public final class MicroBatchProcessor implements Processor<byte[], byte[], byte[], Object> {

  private static final Duration EMIT_EVERY = Duration.ofMillis(5);

  /** How often it is tried whether what is held may go on. */
  private static final Duration ADMIT_EVERY = Duration.ofMillis(20);

  private final Shared shared;
  private final SafeObservers observer;
  private final PipelineTopology.Input input;

  /** What the task owns between {@code init} and {@code close}. */
  private @Nullable Task task;

  private record Task(
      ProcessorContext<byte[], Object> context,
      Lane<QueuedRecord> lane,
      StreamThreadState thread,
      Admission.PartitionAdmission admission) {

    PartitionQueue queue() {
      return admission.queue();
    }
  }

  private @Nullable Cancellable emitting;
  private @Nullable Cancellable admitting;

  /**
   * What the processors of an instance share.
   *
   * @param lanes opens a lane of the micro-batcher
   * @param admission says which records may go on to it
   * @param events puts answers into events
   * @param guard keeps commits behind what is emitted
   * @param earlyCommit says when answers are committed at once
   * @param maxDeadLetterBytes the largest dead letter that may be sent
   */
  public record Shared(
      Supplier<Lane<QueuedRecord>> lanes,
      Admission admission,
      ShareEvents events,
      CommitGuard guard,
      EarlyCommit earlyCommit,
      long maxDeadLetterBytes) {}

  /** Creates a processor of one topic that tells an observer what happens to its images. */
  public MicroBatchProcessor(Shared shared, SafeObservers observer, PipelineTopology.Input input) {
    this.shared = shared;
    this.observer = observer;
    this.input = input;
  }

  @Override
  public void init(ProcessorContext<byte[], Object> context) {
    TopicPartition partition = new TopicPartition(input.topic(), context.taskId().partition());
    task =
        new Task(
            context,
            shared.lanes().get(),
            shared.guard().thread(),
            shared.admission().open(partition));
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    Task task = running();
    RecordMetadata position =
        task.context()
            .recordMetadata()
            .orElseThrow(() -> new IllegalStateException("a record without a position"));
    boolean waiting = task.queue().isWaiting();
    QueuedRecord its = new QueuedRecord(record, position, observer.received(record, position));
    task.queue().add(its);
    try {
      if (waiting) {
        task.admission().prefetch();
      } else {
        admit(task, its);
      }
      awaitRoom(task);
    } catch (RuntimeException e) {
      // Streams does not count this record as processed, so it must not stand in for others. It may
      // be in the lane already, and its fetch counts as taken: Streams always closes the task now.
      task.queue().takeBack(its);
      throw e;
    }
  }

  private Task running() {
    if (task == null) {
      throw new IllegalStateException("the processor is not initialised, or closed");
    }
    return task;
  }

  /**
   * Hands the first held record to the micro-batcher; one that is no image goes along for the
   * order's sake.
   *
   * @return false if it has to wait
   */
  private boolean admit(Task task, QueuedRecord first) {
    Admission.Ruling ruling = task.admission().decide(first);
    if (ruling instanceof Admission.Admit admit) {
      RequestReader.Request request = admit.request();
      task.lane().submit(first, request.image(), request.priority(), admit.dueNanos());
    } else if (ruling instanceof Admission.Refuse refuse) {
      task.lane().reject(first, refuse.reason().reason());
    } else {
      if (task.admission().suspects().waitsForCommit()) {
        task.context().commit();
      }
      admitLater(task);
      return false;
    }
    observer.buffered();
    emitLater(task);
    return true;
  }

  /** Admits what is held, in order, up to the first record that has to wait. */
  private void admitHeld(Task task) {
    QueuedRecord first = task.queue().firstHeld();
    while (first != null && admit(task, first)) {
      first = task.queue().firstHeld();
    }
    if (first == null) {
      stopAdmitting();
    }
  }

  /** Waits for the oldest share while too much is in flight; {@link Admission} has the rule. */
  private void awaitRoom(Task task) {
    while (task.admission().isOver()) {
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
    admitHeld(task);
    boolean uncommitted = task.thread().hasUncommitted();
    if (uncommitted && shared.earlyCommit().due(task.thread())) {
      task.context().commit();
      uncommitted = false; // the request stays, also through a rebalance
    }
    if (task.queue().inFlightImages() == 0 && !uncommitted) {
      stopEmitting(); // a punctuation makes the task commit, which an idle one need not
    }
  }

  /** Forwards all finished shares; returns how many. */
  private int emit(Task task) {
    int shares = 0;
    Share<QueuedRecord> share = task.lane().poll();
    while (share != null) {
      share.answers().forEach(answer -> task.queue().answered(answer.origin()));
      forward(task, share);
      share.answers().forEach(answer -> task.admission().emitted(answer.origin()));
      shares++;
      share = task.lane().poll();
    }
    if (shares > 0 && task.admission().suspects().tries()) {
      task.context().commit(); // all others wait for it
    }
    return shares;
  }

  private void forward(Task task, Share<QueuedRecord> share) {
    task.thread().emitted(share.run().endNanos());
    for (Answer<QueuedRecord> answer : share.answers()) {
      if (answer instanceof Answer.Classified<QueuedRecord> classified) {
        forwardPrediction(task, share.run(), classified);
      } else if (answer instanceof Answer.Rejected<QueuedRecord> rejected) {
        forwardDeadLetter(task, rejected);
      }
      observer.sent(answer.origin());
    }
    shared.events().utilization(share).ifPresent(it -> forwardUtilization(task, share, it));
    observer.emitted(
        new ImageObserver.Emission(
            share,
            task.queue().arrivals(),
            task.context().currentSystemTimeMs(),
            System.nanoTime()));
  }

  private void forwardPrediction(
      Task task, BatchRun run, Answer.Classified<QueuedRecord> classified) {
    Record<byte[], byte[]> record = classified.origin().record();
    Prediction prediction = shared.events().prediction(run, classified);
    Record<byte[], Object> answer =
        new Record<>(
            record.key(), prediction, record.timestamp(), classified.origin().request().headers());
    observer.answering(run, classified, prediction);
    observer.sending(classified.origin(), answer.headers());
    task.context().forward(answer, input.node(PipelineTopology.PREDICTIONS));
  }

  private void forwardDeadLetter(Task task, Answer.Rejected<QueuedRecord> rejected) {
    QueuedRecord record = rejected.origin();
    observer.refusing(rejected);
    Record<byte[], byte[]> letter =
        DeadLetter.of(
            rejected, shared.maxDeadLetterBytes(), headers -> observer.sending(record, headers));
    task.context()
        .forward(
            letter.withValue((Object) letter.value()), input.node(PipelineTopology.DEAD_LETTERS));
  }

  /** The event takes the time of the share's latest image. */
  private void forwardUtilization(
      Task task, Share<QueuedRecord> share, ExpertUtilization utilization) {
    long latestMs = 0;
    for (Answer<QueuedRecord> answer : share.answers()) {
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

  /** Tries from time to time to admit what is held, also when no record comes. */
  private void admitLater(Task task) {
    if (admitting == null) {
      admitting =
          task.context()
              .schedule(ADMIT_EVERY, PunctuationType.WALL_CLOCK_TIME, now -> admitHeld(task));
    }
  }

  private void stopAdmitting() {
    if (admitting != null) {
      admitting.cancel();
      admitting = null;
    }
  }

  /** Drops what is in flight: it was not emitted, so it is read again by the next owner. */
  @Override
  public void close() {
    stopEmitting();
    stopAdmitting();
    if (task != null) {
      task.lane().close();
      task.admission().close();
      task = null;
    }
  }
}
