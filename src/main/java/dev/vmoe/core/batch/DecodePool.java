package dev.vmoe.core.batch;

import dev.vmoe.core.batch.DecodeTask.DecodeOutcome;
import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.inference.InferenceException;
import java.nio.ByteBuffer;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workers that decode images, within a bound on memory and one on time. They can be paused.
 *
 * <p>A run on the CPU has a thread a core, and they wait for each other many times a run: a decoder
 * that takes one core for a moment takes them all. So decoding pauses during such a run and has
 * every core between two runs.
 *
 * <p>Native code cannot be interrupted. A decode that takes too long is given up, and another
 * thread takes the place of its thread. A worker decodes into memory of its own, which is copied
 * when the decode has ended in time: one that returns late must not write over another image.
 */
final class DecodePool implements AutoCloseable {

  /** So many threads that hang at once end the instance: each may take a core. */
  static final int MAX_HUNG = 3;

  /** Time from the last of them to the end, in decode time-outs. */
  private static final int GRACE_TIMEOUTS = 2;

  private static final Logger log = LoggerFactory.getLogger(DecodePool.class);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition resumed = lock.newCondition();
  private final ThreadLocal<ByteBuffer> ownPixels = new ThreadLocal<>();
  private final WorkBounds bounds;
  private final DecodeMemory memory;
  private final Watchdog watchdog;
  private final LongSupplier nanoClock;
  private final Consumer<InferenceException> broken;
  private final ThreadPoolExecutor workers;
  private boolean paused;
  private int hung;

  /**
   * Starts no thread before the first image.
   *
   * @param broken told when the instance can no longer decode
   */
  DecodePool(
      WorkBounds bounds,
      Watchdog watchdog,
      LongSupplier nanoClock,
      ThreadFactory factory,
      Consumer<InferenceException> broken) {
    this.bounds = bounds;
    this.memory = new DecodeMemory(bounds.decodeBytes());
    this.watchdog = watchdog;
    this.nanoClock = nanoClock;
    this.broken = broken;
    int threads = bounds.decodeThreads();
    workers =
        new ThreadPoolExecutor(
            threads, threads, 0, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), factory);
  }

  void execute(DecodeTask task) {
    workers.execute(() -> work(task));
  }

  private void work(DecodeTask task) {
    try {
      decode(task);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the pool is being closed
    } catch (RuntimeException | Error e) {
      broken.accept(new InferenceException("a decode worker failed: " + e, e));
    }
  }

  /** Waits for memory and for its turn, then decodes, unless it was withdrawn meanwhile. */
  private void decode(DecodeTask task) throws InterruptedException {
    if (task.isOver()) {
      return;
    }
    long[] taken = new long[1];
    DecodeOutcome reservation =
        attempt(
            task,
            () -> {
              long bytes = task.decoder.decodeBytes(task.encoded);
              memory.acquire(bytes);
              taken[0] = bytes;
            });
    if (!reservation.isDecoded()) {
      if (task.begin() && task.end()) {
        task.observer.accept(reservation);
      }
      return;
    }
    boolean begun = false;
    try {
      awaitResumed();
      begun = task.begin();
    } finally {
      if (!begun) {
        memory.release(taken[0]);
      }
    }
    if (begun) {
      decode(task, taken[0]);
    }
  }

  private void decode(DecodeTask task, long memoryBytes) throws InterruptedException {
    int slotBytes = task.slot.capacity();
    DecodeOutcome outcome;
    Watchdog.WatchedWork watched =
        watchdog.watch(bounds.decodeTimeout(), () -> giveUp(task, memoryBytes));
    try {
      outcome = attempt(task, () -> task.decoder.decode(task.encoded, ownPixels(slotBytes), 0));
    } finally {
      watched.end();
    }
    if (!task.end()) {
      memory.regain(memoryBytes);
      log.warn("a decode that was given up has returned; {} hang", changeHung(-1));
      return;
    }
    memory.release(memoryBytes);
    if (outcome.isDecoded()) {
      task.slot.put(0, ownPixels(slotBytes), 0, slotBytes);
    }
    task.observer.accept(outcome);
  }

  @FunctionalInterface
  private interface DecodeStep {
    void run() throws BadImageException, InterruptedException;
  }

  private DecodeOutcome attempt(DecodeTask task, DecodeStep step) throws InterruptedException {
    long startNanos = nanoClock.getAsLong();
    String rejection = null;
    InferenceException failure = null;
    try {
      step.run();
    } catch (BadImageException e) {
      rejection = e.getMessage();
    } catch (InferenceException e) {
      failure = e;
    } catch (RuntimeException e) {
      // A defect of the decoder: the image must not stop the stream, nor be lost.
      log.error("decoder failed on an image of {} bytes", task.encoded.length, e);
      rejection = "the decoder failed: " + e;
    } catch (Error e) {
      // Not the image's fault (natives missing, memory): a dead letter would be wrong.
      failure = new InferenceException("decoding failed on this machine: " + e, e);
    }
    return new DecodeOutcome(
        rejection, false, failure, startNanos, nanoClock.getAsLong() - startNanos);
  }

  /** Returns (1, S, S, 3) uint8, memory of the calling worker. */
  private ByteBuffer ownPixels(int slotBytes) {
    ByteBuffer own = ownPixels.get();
    if (own == null || own.capacity() < slotBytes) {
      own = ByteBuffer.allocateDirect(slotBytes);
      ownPixels.set(own);
    }
    return own;
  }

  /** Gives up a decode that takes too long, unless it has just ended. */
  private void giveUp(DecodeTask task, long memoryBytes) {
    int hanging;
    lock.lock();
    try {
      if (!task.end()) {
        return;
      }
      hanging = changeHung(1); // before its worker can find that it was given up
    } finally {
      lock.unlock();
    }
    memory.lose(memoryBytes);
    long boundMs = bounds.decodeTimeout().toMillis();
    log.error(
        "an image of {} bytes was not decoded within decode.timeout.ms = {} and becomes a dead"
            + " letter; {} of at most {} decode threads hang, and another one takes the place of"
            + " this one",
        task.encoded.length,
        boundMs,
        hanging,
        MAX_HUNG - 1);
    String rejection = "timeout: not decoded within %d ms (decode.timeout.ms)".formatted(boundMs);
    task.observer.accept(new DecodeOutcome(rejection, true, null, nanoClock.getAsLong(), 0));
    if (hanging == MAX_HUNG) {
      InferenceException reason =
          new InferenceException(
              ("%d decode threads hang, each on an image that was not decoded within"
                      + " decode.timeout.ms = %d")
                  .formatted(hanging, boundMs));
      // First the dead letters of these images have to get out, or the next owner hangs, too.
      Watchdog.WatchedWork unused =
          watchdog.watch(
              bounds.decodeTimeout().multipliedBy(GRACE_TIMEOUTS),
              () -> {
                if (changeHung(0) >= MAX_HUNG) {
                  broken.accept(reason);
                }
              });
    }
  }

  DecodeLoad load() {
    return new DecodeLoad(memory.bytes(), changeHung(0));
  }

  /** Returns how many threads hang after this change; the pool has one more for each. */
  private int changeHung(int by) {
    lock.lock();
    try {
      hung += by;
      int threads = bounds.decodeThreads() + hung;
      if (by > 0) {
        workers.setMaximumPoolSize(threads);
        workers.setCorePoolSize(threads);
      } else {
        workers.setCorePoolSize(threads);
        workers.setMaximumPoolSize(threads);
      }
      return hung;
    } finally {
      lock.unlock();
    }
  }

  private void awaitResumed() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (paused) {
        resumed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Lets no further image be decoded while it is paused; what is being decoded goes on. */
  void pause(boolean pause) {
    lock.lock();
    try {
      paused = pause;
      resumed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Stops the workers; what waits is never decoded. */
  @Override
  public void close() {
    workers.shutdownNow();
  }

  /** Waits until no worker works; not for one that hangs. */
  void awaitClosed() throws InterruptedException {
    if (changeHung(0) == 0) {
      workers.awaitTermination(10, TimeUnit.SECONDS);
    }
  }
}
