package dev.vmoe.core.batch;

import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.capacity.RunTime;
import dev.vmoe.core.capacity.Sample;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.InferenceException;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs closed batches, each with the models and the controller it was opened under, and tells the
 * observer. Used by all inference threads; decisions and reports are made one at a time.
 */
final class BatchRunner<T> {

  private static final Logger log = LoggerFactory.getLogger(BatchRunner.class);

  private final DecodePool decoding;
  private final RunObserver<T> observer;
  private final LongSupplier nanoClock;

  private @Nullable RunTime lastRun;

  private long lastRunEndNanos;
  private @Nullable ServedModel lastModel;

  private boolean observerFailed;

  BatchRunner(DecodePool decoding, RunObserver<T> observer, LongSupplier nanoClock) {
    this.decoding = decoding;
    this.observer = observer;
    this.nanoClock = nanoClock;
  }

  /**
   * Runs a batch that is closed and decoded, and tells of it.
   *
   * @throws InferenceException if the run fails
   */
  BatchRun run(MicroBatch<T> batch) {
    BatchRun run;
    try {
      run = classify(batch);
    } catch (InferenceException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw failure(batch, e);
    }
    tell(run, batch);
    return run;
  }

  private static InferenceException failure(MicroBatch<?> batch, Throwable cause) {
    return new InferenceException("batch of " + batch.images + " images failed: " + cause, cause);
  }

  /**
   * Decides on a batch that is about to run. Called under the batcher's lock, so that controllers
   * see batches in order.
   *
   * @param waiting images of the batches behind it
   * @param expiry lets those images expire first that could not be in time
   */
  void decide(MicroBatch<T> batch, int waiting, Expiry<T> expiry) {
    batch.startNanos = nanoClock.getAsLong();
    try {
      expiry.check(batch, batch.startNanos);
      int numImages = batch.toRun();
      if (numImages > 0) {
        batch.decision = batch.terms.decide(sample(batch, numImages, waiting, expiry));
      }
    } catch (RuntimeException | Error e) {
      batch.failure = failure(batch, e);
    }
  }

  private BatchRun classify(MicroBatch<T> batch) {
    FlushReason flushReason = Objects.requireNonNull(batch.flushReason);
    int numImages = batch.compact();
    long startNanos = batch.startNanos;
    if (numImages == 0) {
      return BatchRun.ofNothing(
          batch.id,
          batch.terms.model().classifier().card(),
          flushReason,
          batch.lingerNanos(),
          startNanos);
    }
    for (BatchEntry<T> entry : batch.entries) {
      entry.queueNanos = startNanos - entry.submittedNanos;
    }
    Decision decision = Objects.requireNonNull(batch.decision);
    BatchClassifier classifier = batch.terms.model().classifier(decision.point());
    boolean alone = classifier.takesAllCores();
    if (alone) {
      decoding.pause(true);
    }
    try {
      BatchResult result =
          classifier.classify(
              Objects.requireNonNull(batch.buffer),
              numImages,
              batch.priorities(numImages),
              decision.routingSettings());
      ended(new RunTime(decision.point(), numImages, result.inferenceNanos()), batch);
      return new BatchRun(
          batch.id,
          classifier.card(),
          numImages,
          flushReason,
          batch.lingerNanos(),
          decision,
          result,
          startNanos);
    } finally {
      if (alone) {
        decoding.pause(false);
      }
    }
  }

  private synchronized void ended(RunTime run, MicroBatch<T> batch) {
    lastRun = run;
    lastModel = batch.terms.model();
    lastRunEndNanos = nanoClock.getAsLong();
  }

  private synchronized Sample sample(
      MicroBatch<T> batch, int numImages, int waiting, Expiry<T> expiry) {
    long nowNanos = batch.startNanos;
    long completeNanos =
        lastRun == null ? batch.closedNanos : Math.max(batch.closedNanos, lastRunEndNanos);
    return new Sample(
        nowNanos,
        numImages,
        waiting,
        expiry.runningImages(),
        nowNanos - batch.openedNanos,
        Math.max(0, nowNanos - completeNanos),
        batch.terms.model() == lastModel ? lastRun : null, // it says nothing of another model
        Load.UNKNOWN,
        expiry.takeExpired(),
        batch.leftNanos(nowNanos));
  }

  /** A defect of the observer must not cost the batch, which would fail again and again. */
  private void tell(BatchRun run, MicroBatch<T> batch) {
    synchronized (observer) {
      try {
        observer.ran(run, batch.origins());
      } catch (RuntimeException | Error e) {
        if (!observerFailed) {
          log.error("observer of runs failed; batches are still answered", e);
        }
        observerFailed = true;
      }
    }
  }
}
