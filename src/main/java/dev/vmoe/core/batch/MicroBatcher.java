package dev.vmoe.core.batch;

import dev.vmoe.core.inference.InferenceException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Groups the images of all lanes of an instance into micro-batches and runs them, as many at once
 * as the model takes.
 *
 * <p>While batches compute, the next one fills and is decoded into its own buffer. A batch is
 * closed by its {@link BatchLimits}: the submitter asks them for each image, and so does an
 * inference thread when it has nothing to run. Batches begin to run in the order they were opened;
 * a lane gives out its shares in the order its images came, whichever batch ends first.
 *
 * <p>What cannot go on is not waited for. A batch fails by itself where there is no memory for it.
 * If a run does not return, too many decodes hang or a thread of the batcher fails, the batcher is
 * {@linkplain #broken() broken}: its lanes throw, and its owner is told.
 *
 * @param <T> what submitters attach to each image
 */
public final class MicroBatcher<T> implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(MicroBatcher.class);

  private final Supplier<BatchTerms> terms;
  private final String idPrefix = UUID.randomUUID().toString().substring(0, 8);

  final ReentrantLock lock = new ReentrantLock();

  /** Something for an inference thread: a batch opened, closed or fully decoded. */
  private final Condition work = lock.newCondition();

  /** Something for the lanes: a batch finished, or none will any more. */
  final Condition finished = lock.newCondition();

  /** Batches that have not started to run, in the order they were opened; the last may fill. */
  private final Deque<MicroBatch<T>> queue = new ArrayDeque<>();

  final BatcherFailure batcherFailure = new BatcherFailure();
  private final Watchdog watchdog = new Watchdog();
  private final WorkBounds bounds;
  private final BatchBuffers buffers;
  private final LongSupplier nanoClock;
  private final DecodePool decoding;
  private final BatchRunner<T> runner;
  private final List<Thread> inference = new ArrayList<>();
  private final Expiry<T> expiry = new Expiry<>();
  private long batchesOpened;
  private boolean closed;

  /**
   * Starts the batcher's threads.
   *
   * @param terms terms in force; asked when a batch is opened, so that a change counts from the
   *     next one on
   * @param bounds on the work of decoders and models
   * @param observer told of each batch that has run
   */
  public MicroBatcher(Supplier<BatchTerms> terms, WorkBounds bounds, RunObserver<T> observer) {
    this(terms, bounds, observer, System::nanoTime, ByteBuffer::allocateDirect);
  }

  /**
   * Starts the batcher's threads with another clock and other memory.
   *
   * @param nanoClock monotonic time, in nanoseconds
   * @param allocator returns a buffer of so many bytes
   */
  MicroBatcher(
      Supplier<BatchTerms> terms,
      WorkBounds bounds,
      RunObserver<T> observer,
      LongSupplier nanoClock,
      IntFunction<ByteBuffer> allocator) {
    this.terms = terms;
    this.bounds = bounds;
    this.nanoClock = nanoClock;
    int runs = terms.get().model().classifier().parallelRuns();
    this.buffers = new BatchBuffers(buffers(runs), terms.get().bufferBytes(), allocator);
    AtomicInteger worker = new AtomicInteger();
    this.decoding =
        new DecodePool(
            bounds,
            watchdog,
            nanoClock,
            task -> daemon(task, "vmoe-decode-" + worker.incrementAndGet()),
            this::fail);
    this.runner = new BatchRunner<>(decoding, observer, nanoClock);
    for (int i = 1; i <= runs; i++) {
      inference.add(daemon(this::runBatches, i == 1 ? "vmoe-inference" : "vmoe-inference-" + i));
    }
    daemon(watchdog::run, "vmoe-watch").start();
    inference.forEach(Thread::start);
  }

  /** Returns the buffers: of each run, of a batch that is decoded, and one for the change-over. */
  static int buffers(int runs) {
    return runs + 2;
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  public Lane<T> openLane() {
    return new Lane<>(this);
  }

  /** Completes with the reason if the batcher can no longer go on, and its process has to end. */
  public CompletionStage<InferenceException> broken() {
    return batcherFailure.reason();
  }

  public DecodeLoad decodeLoad() {
    return decoding.load();
  }

  private void fail(InferenceException reason) {
    batcherFailure.set(reason);
    lock.lock();
    try {
      finished.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // ---- what lanes ask, on their own threads ----

  long nanos() {
    return nanoClock.getAsLong();
  }

  /** Throws if no batch will finish any more, because the batcher is closed. */
  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the micro-batcher is closed");
    }
  }

  /** Adds an entry to the batch that is filling, opening one if none is; returns that batch. */
  MicroBatch<T> add(BatchEntry<T> entry) {
    requireOpen();
    batcherFailure.throwIfSet();
    expiry.arrived(entry, queue, terms.get());
    long entryBytes = entry.encoded == null ? 0 : entry.encoded.length;
    MicroBatch<T> batch = queue.peekLast();
    if (batch != null
        && batch.flushReason == null
        && batch.terms.limits().overflows(batch.bytes, entryBytes)) {
      batch.close(FlushReason.BYTES, entry.submittedNanos);
    }
    if (batch == null || batch.flushReason != null) {
      batch = open(entry.submittedNanos);
    }
    batch.add(entry);
    if (entry.encoded != null && batch.buffer != null) {
      decodeLater(batch, entry);
    }
    boolean full = batch.closeIfDue(entry.submittedNanos, true) == 0;
    if (full || batch.entries.size() == 1) {
      work.signal();
    }
    return batch;
  }

  /** Returns the terms in force, their model in use for one batch more. */
  private BatchTerms usable() {
    BatchTerms now = terms.get();
    while (!now.model().use()) {
      now = terms.get(); // replaced, and given back, between the two
    }
    return now;
  }

  private MicroBatch<T> open(long nowNanos) {
    MicroBatch<T> batch = new MicroBatch<>(idPrefix + "-" + batchesOpened++, usable(), nowNanos);
    try {
      buffers.giveTo(batch);
    } catch (RuntimeException e) {
      batch.terms.model().release();
      throw e;
    }
    queue.addLast(batch);
    return batch;
  }

  /** Drops what a closed lane has in a batch, unless that has begun to run. */
  void withdraw(MicroBatch<T> batch, List<BatchEntry<T>> entries) {
    if (queue.contains(batch)) {
      entries.forEach(batch::withdraw);
      work.signal(); // nothing of it may be left to decode
    }
  }

  // ---- decoding: on the workers ----

  private void decodeLater(MicroBatch<T> batch, BatchEntry<T> entry) {
    int slotBytes = batch.terms.model().slotBytes();
    DecodeTask task =
        new DecodeTask(
            Objects.requireNonNull(entry.encoded),
            batch.terms.model().decoder(),
            Objects.requireNonNull(batch.buffer).slice(entry.slot * slotBytes, slotBytes),
            image -> decoded(batch, entry, image));
    entry.task = task;
    decoding.execute(task);
  }

  private void decoded(MicroBatch<T> batch, BatchEntry<T> entry, DecodeTask.DecodeOutcome image) {
    lock.lock();
    try {
      if (image.failure() != null && !entry.withdrawn) {
        batch.failure = image.failure();
      }
      entry.decoded(image);
      if (--batch.undecoded == 0) {
        work.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  // ---- running: on the inference threads ----

  private void runBatches() {
    try {
      while (true) {
        finish(takeDecoded());
      }
    } catch (InterruptedException e) {
      log.debug("inference thread stops");
    } catch (RuntimeException | Error e) {
      fail(new InferenceException("an inference thread failed: " + e, e));
    }
  }

  /** Waits until the oldest batch is closed and decoded, and takes it off the queue. */
  private MicroBatch<T> takeDecoded() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        MicroBatch<T> head = queue.peekFirst();
        if (head == null) {
          work.await();
          continue;
        }
        long waitNanos = head.closeIfDue(nanoClock.getAsLong(), false);
        if (waitNanos > 0) {
          work.awaitNanos(waitNanos);
        } else if (head.decoded()) {
          queue.removeFirst();
          runner.decide(head, Expiry.images(queue), expiry);
          expiry.began(head);
          work.signal(); // the batch behind it may have been decoded before it was
          return head;
        } else {
          work.await();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Runs a batch, publishes what came out to the lanes, and passes its buffer on. */
  private void finish(MicroBatch<T> batch) {
    BatchRun run = null;
    RuntimeException failure = batch.failure;
    if (failure == null) {
      Watchdog.WatchedWork watched = watchdog.watch(bounds.runTimeout(), () -> giveUp(batch));
      try {
        run = runner.run(batch);
      } catch (InferenceException e) {
        failure = e;
      } finally {
        watched.end();
      }
    }
    List<MicroBatch<T>> over = new ArrayList<>();
    over.add(batch);
    lock.lock();
    try {
      batch.run = run;
      expiry.ended(batch, nanoClock.getAsLong());
      batch.failure = failure;
      buffers.takeBack(batch);
      if (!closed) {
        over.addAll(passBuffersOn());
      }
      finished.signalAll();
    } finally {
      lock.unlock();
    }
    over.forEach(it -> it.terms.model().release());
  }

  /** A run cannot be stopped, so the process has to end. */
  private void giveUp(MicroBatch<T> batch) {
    fail(
        new InferenceException(
            "the model has not returned from a batch of %d images within inference.timeout.ms = %d"
                .formatted(batch.toRun(), bounds.runTimeout().toMillis())));
  }

  /**
   * Gives free buffers to the oldest batches without one and starts their decoding.
   *
   * @return batches that failed, because there was no memory for them; they have left the queue
   */
  private List<MicroBatch<T>> passBuffersOn() {
    List<MicroBatch<T>> failed = new ArrayList<>();
    for (MicroBatch<T> batch : List.copyOf(queue)) {
      if (batch.buffer != null) {
        continue;
      }
      try {
        if (!buffers.giveTo(batch)) {
          break;
        }
        expiry.check(batch, nanoClock.getAsLong());
      } catch (RuntimeException e) {
        buffers.takeBack(batch);
        queue.remove(batch);
        batch.failure = e;
        failed.add(batch);
        continue;
      }
      for (BatchEntry<T> entry : batch.entries) {
        if (entry.encoded != null) {
          decodeLater(batch, entry);
        }
      }
      work.signal(); // nothing of it may be left to decode
    }
    return failed;
  }

  /** Stops the threads; what is pending in the lanes never finishes. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      finished.signalAll();
    } finally {
      lock.unlock();
    }
    inference.forEach(Thread::interrupt);
    watchdog.close();
    decoding.close();
    try {
      // The runs in progress end first: nobody may close the classifier under them.
      for (Thread thread : inference) {
        thread.join();
      }
      decoding.awaitClosed();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
