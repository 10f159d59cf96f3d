package dev.vmoe.batch;

import dev.vmoe.inference.InferenceException;
import dev.vmoe.moe.ImagePriority;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Groups the images of all lanes of an instance into micro-batches and runs them, as many at once
 * as the model takes.
 *
 * <p>While batches compute, the next one fills and is decoded straight into its own buffer. A batch
 * is closed by its {@link BatchLimits}: the submitter asks them for each image, and so does an
 * inference thread when it has nothing to run. Batches begin to run in the order they were opened;
 * a lane gives out its shares in the order its images came, whichever batch ends first.
 *
 * @param <T> what submitters attach to each image
 */
public final class MicroBatcher<T> implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(MicroBatcher.class);

  private final Supplier<BatchTerms> terms;
  private final String idPrefix = UUID.randomUUID().toString().substring(0, 8);

  private final ReentrantLock lock = new ReentrantLock();

  /** Something for an inference thread: a batch opened, closed or fully decoded. */
  private final Condition work = lock.newCondition();

  /** Something for the lanes: a batch finished. */
  private final Condition finished = lock.newCondition();

  /** Batches that have not started to run, in the order they were opened; the last may fill. */
  private final Deque<MicroBatch<T>> queue = new ArrayDeque<>();

  private final Deque<ByteBuffer> freeBuffers = new ArrayDeque<>();
  private final LongSupplier nanoClock;
  private final Decoding decoding;
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
   * @param decodeThreads threads that decode, at least 1
   * @param observer told of each batch that has run
   */
  public MicroBatcher(Supplier<BatchTerms> terms, int decodeThreads, RunObserver<T> observer) {
    this(terms, decodeThreads, observer, System::nanoTime);
  }

  /** Starts the batcher's threads with another clock, of monotonic nanoseconds. */
  MicroBatcher(
      Supplier<BatchTerms> terms,
      int decodeThreads,
      RunObserver<T> observer,
      LongSupplier nanoClock) {
    this.terms = terms;
    this.nanoClock = nanoClock;
    int runs = terms.get().model().classifier().parallelRuns();
    for (int i = 0; i < buffers(runs); i++) {
      freeBuffers.add(ByteBuffer.allocateDirect(terms.get().bufferBytes()));
    }
    AtomicInteger worker = new AtomicInteger();
    this.decoding =
        new Decoding(
            decodeThreads, task -> daemon(task, "vmoe-decode-" + worker.incrementAndGet()));
    this.runner = new BatchRunner<>(decoding, observer, nanoClock);
    for (int i = 1; i <= runs; i++) {
      inference.add(daemon(this::runBatches, i == 1 ? "vmoe-inference" : "vmoe-inference-" + i));
    }
    inference.forEach(Thread::start);
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Returns the buffers: of each run, of a batch that is decoded, and one for the change-over. */
  static int buffers(int runs) {
    return runs + 2;
  }

  /**
   * Returns the bytes outside the heap of one of the {@link #buffers buffers}.
   *
   * @param imageSize height and width of the model's input, in pixels
   * @param maxImages maximum images of a batch
   */
  public static long bufferBytes(int imageSize, int maxImages) {
    return 3L * imageSize * imageSize * maxImages;
  }

  /** Opens a lane for one submitter. */
  public Lane<T> openLane() {
    return new BatchLane();
  }

  // ---- submitting: on the lanes' threads ----

  /** Adds an entry to the batch that is filling, opening one if none is; returns that batch. */
  private MicroBatch<T> add(BatchEntry<T> entry) {
    expiry.arrived(entry, queue, terms.get());
    long entryBytes = entry.encoded == null ? 0 : entry.encoded.length;
    MicroBatch<T> batch = queue.peekLast();
    if (batch != null
        && batch.flushReason == null
        && batch.terms.limits().overflows(batch.bytes, entryBytes)) {
      batch.close(FlushReason.BYTES, entry.submittedNanos);
    }
    if (batch == null || batch.flushReason != null) {
      batch = new MicroBatch<>(idPrefix + "-" + batchesOpened++, usable(), entry.submittedNanos);
      queue.addLast(batch);
      ByteBuffer buffer = freeBuffers.poll();
      if (buffer != null) {
        batch.buffer = fit(buffer, batch);
      }
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

  /** Returns the buffer, or a larger one in its place where batches or images have grown. */
  private ByteBuffer fit(ByteBuffer buffer, MicroBatch<T> batch) {
    int bytes = batch.terms.bufferBytes();
    return buffer.capacity() < bytes ? ByteBuffer.allocateDirect(bytes) : buffer;
  }

  // ---- decoding: on the workers ----

  private void decodeLater(MicroBatch<T> batch, BatchEntry<T> entry) {
    ByteBuffer buffer = Objects.requireNonNull(batch.buffer);
    byte[] encoded = Objects.requireNonNull(entry.encoded);
    decoding.execute(() -> decode(batch, entry, encoded, buffer));
  }

  private void decode(MicroBatch<T> batch, BatchEntry<T> entry, byte[] encoded, ByteBuffer buffer) {
    DecodedImage image =
        DecodedImage.of(encoded, batch.terms.model().decoder(), buffer, entry.slot, nanoClock);
    lock.lock();
    try {
      if (image.failure() != null) {
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
      try {
        run = runner.run(batch);
      } catch (InferenceException e) {
        failure = e;
      }
    }
    lock.lock();
    try {
      batch.run = run;
      expiry.ended(batch, nanoClock.getAsLong());
      batch.failure = failure;
      if (!closed) {
        passOn(Objects.requireNonNull(batch.buffer));
      }
      batch.buffer = null;
      finished.signalAll();
    } finally {
      lock.unlock();
    }
    batch.terms.model().release();
  }

  /** Gives a free buffer to the oldest batch without one and starts its decoding. */
  private void passOn(ByteBuffer buffer) {
    for (MicroBatch<T> batch : queue) {
      if (batch.buffer == null) {
        batch.buffer = fit(buffer, batch);
        expiry.check(batch, nanoClock.getAsLong());
        for (BatchEntry<T> entry : batch.entries) {
          if (entry.encoded != null) {
            decodeLater(batch, entry);
          }
        }
        work.signal(); // nothing of it may be left to decode
        return;
      }
    }
    freeBuffers.addLast(buffer);
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
    decoding.close();
    boolean interrupted = false;
    try {
      // The runs in progress end first: nobody may close the classifier under them.
      for (Thread thread : inference) {
        thread.join();
      }
      decoding.awaitClosed();
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A lane: its shares in order, each the entries it has in one batch. */
  private final class BatchLane implements Lane<T> {

    private record PendingShare<T>(MicroBatch<T> batch, List<BatchEntry<T>> entries) {}

    private final Deque<PendingShare<T>> shares = new ArrayDeque<>();
    private int pending;

    @Override
    public void submit(T origin, byte[] encoded, float priority, long dueNanos) {
      ImagePriority.require(priority);
      enter(BatchEntry.submitted(origin, priority, encoded, dueNanos, nanoClock.getAsLong()));
    }

    @Override
    public void reject(T origin, String reason) {
      enter(BatchEntry.rejected(origin, reason, nanoClock.getAsLong()));
    }

    private void enter(BatchEntry<T> entry) {
      lock.lock();
      try {
        if (closed) {
          throw new IllegalStateException("the micro-batcher is closed");
        }
        MicroBatch<T> batch = add(entry);
        PendingShare<T> last = shares.peekLast();
        if (last == null || last.batch() != batch) {
          last = new PendingShare<>(batch, new ArrayList<>());
          shares.addLast(last);
        }
        last.entries().add(entry);
        pending++;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public int pending() {
      return pending;
    }

    @Override
    public @Nullable Share<T> poll() {
      lock.lock();
      try {
        PendingShare<T> head = shares.peekFirst();
        if (head == null || !head.batch().finished()) {
          return null;
        }
        if (head.batch().failure != null) {
          throw head.batch().failure;
        }
        shares.removeFirst();
        pending -= head.entries().size();
        return new Share<>(
            Objects.requireNonNull(head.batch().run),
            head.entries().stream().map(BatchEntry::answer).toList());
      } finally {
        lock.unlock();
      }
    }

    @Override
    public boolean await(Duration timeout) throws InterruptedException {
      long left = timeout.toNanos();
      lock.lockInterruptibly();
      try {
        while (!shares.isEmpty() && !shares.getFirst().batch().finished()) {
          if (closed) {
            throw new IllegalStateException("the micro-batcher is closed");
          }
          if (left <= 0) {
            return false;
          }
          left = finished.awaitNanos(left);
        }
        return true;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      shares.clear();
      pending = 0;
    }
  }
}
