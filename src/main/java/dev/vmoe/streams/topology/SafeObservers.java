package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.tracing.ImageTrace;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Several observers, none of which can harm the images or the other observers: what one throws is
 * counted, logged the first time, and goes no further. It would hit the same image again after each
 * restart of its thread.
 */
public final class SafeObservers implements ImageObserver {

  private static final Logger log = LoggerFactory.getLogger(SafeObservers.class);

  private final List<ImageObserver> observers;
  private final Runnable failures;
  private final AtomicBoolean logged = new AtomicBoolean();

  /**
   * Creates an observer.
   *
   * @param failures counts what observers throw
   * @param observers told in this order
   */
  public SafeObservers(Runnable failures, ImageObserver... observers) {
    this.failures = failures;
    this.observers = List.of(observers);
  }

  private void tell(Consumer<ImageObserver> event) {
    for (ImageObserver observer : observers) {
      ask(
          observer,
          it -> {
            event.accept(it);
            return ImageTrace.NONE;
          });
    }
  }

  private ImageTrace ask(ImageObserver observer, Function<ImageObserver, ImageTrace> question) {
    try {
      return question.apply(observer);
    } catch (RuntimeException | LinkageError e) {
      failures.run();
      if (logged.compareAndSet(false, true)) {
        log.error(
            "{} failed; images go on, and further failures of observers are only counted",
            observer.getClass().getSimpleName(),
            e);
      }
      return ImageTrace.NONE;
    }
  }

  /** Returns the trace of the observer that keeps one. */
  @Override
  @SuppressWarnings("ReferenceEquality") // NONE stands for no trace
  public ImageTrace received(Record<byte[], byte[]> record, RecordMetadata position) {
    ImageTrace trace = ImageTrace.NONE;
    for (ImageObserver observer : observers) {
      ImageTrace own = ask(observer, it -> it.received(record, position));
      trace = own == ImageTrace.NONE ? trace : own;
    }
    return trace;
  }

  @Override
  public void buffered() {
    tell(ImageObserver::buffered);
  }

  @Override
  public void ran(BatchRun run, List<QueuedRecord> images) {
    tell(observer -> observer.ran(run, images));
  }

  @Override
  public void answering(
      BatchRun run, Answer.Classified<QueuedRecord> answer, Prediction prediction) {
    tell(observer -> observer.answering(run, answer, prediction));
  }

  @Override
  public void refusing(Answer.Rejected<QueuedRecord> answer) {
    tell(observer -> observer.refusing(answer));
  }

  @Override
  public void sending(QueuedRecord image, Headers headers) {
    tell(observer -> observer.sending(image, headers));
  }

  @Override
  public void sent(QueuedRecord image) {
    tell(observer -> observer.sent(image));
  }

  @Override
  public void emitted(ExpertUtilization utilization) {
    tell(observer -> observer.emitted(utilization));
  }

  @Override
  public void emitted(Emission emission) {
    tell(observer -> observer.emitted(emission));
  }
}
