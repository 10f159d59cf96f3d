package dev.vmoe.core.batch;

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
 * The workers that decode images: within a bound on memory and one on time, and they can be made to
 * stand still.
 *
 * <p>A run on the CPU has a thread a core, and they wait for each other many times a run: a decoder
 * that takes one core for a moment takes them all. So decoding stands still while such a run is
 * under way and has every core between two runs.
 *
 * <p>Native code cannot be interrupted. A decode that takes too long is given up, and another
 * thread takes the place of its thread. A worker decodes into memory of its own, which is copied
 * when the decode has ended in time: one that returns late must not write over another image.
 */
final class Decoding implements AutoCloseable {

  /** So many threads that hang at once end the instance: each may take a core. */
  static final int MAX_HUNG = 3;

  /** Time from the last of them to the end, in decode time-outs. */
  private static final int LAST_LETTERS = 2;

  private static final Logger log = LoggerFactory.getLogger(Decoding.class);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition moves = lock.newCondition();
  private final ThreadLocal<ByteBuffer> ownPixels = new ThreadLocal<>();
  private final WorkBounds bounds;
  private final DecodeRoom room;
  private final WorkWatch watch;
  private final LongSupplier nanoClock;
  private final Consumer<InferenceException> broken;
  private final ThreadPoolExecutor workers;
  private boolean still;
  private int hung;

  /**
   * Starts no thread before the first image.
   *
   * @param watch watches each image
   * @param nanoClock monotonic time, in nanoseconds
   * @param factory makes the workers
   * @param broken told when the instance can no longer decode
   */
  Decoding(
      WorkBounds bounds,
      WorkWatch watch,
      LongSupplier nanoClock,
      ThreadFactory factory,
      Consumer<InferenceException> broken) {
    this.bounds = bounds;
    this.room = new DecodeRoom(bounds.decodeBytes());
    this.watch = watch;
    this.nanoClock = nanoClock;
    this.broken = broken;
    int threads = bounds.decodeThreads();
    workers =
        new ThreadPoolExecutor(
            threads, threads, 0, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), factory);
  }

  /** Decodes when its turn comes. */
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

  /** Waits for room and for its turn, then decodes, unless it was withdrawn meanwhile. */
  private void decode(DecodeTask task) throws InterruptedException {
    if (task.isOver()) {
      return;
    }
    long[] taken = new long[1];
    DecodedImage entrance =
        DecodedImage.of(
            task.encoded().length,
            nanoClock,
            () -> {
              long bytes = task.decoder().decodeBytes(task.encoded());
              room.take(bytes);
              taken[0] = bytes;
            });
    if (!entrance.isDecoded()) {
      if (task.begin() && task.end()) {
        task.tell(entrance);
      }
      return;
    }
    boolean begun = false;
    try {
      awaitMoving();
      begun = task.begin();
    } finally {
      if (!begun) {
        room.giveBack(taken[0]);
      }
    }
    if (begun) {
      decode(task, taken[0]);
    }
  }

  private void decode(DecodeTask task, long roomBytes) throws InterruptedException {
    DecodedImage image;
    WorkWatch.Piece watched = watch.begin(bounds.decodeTimeout(), () -> giveUp(task, roomBytes));
    try {
      image =
          DecodedImage.of(
              task.encoded().length,
              nanoClock,
              () -> task.decoder().decode(task.encoded(), ownPixels(task.slotBytes()), 0));
    } finally {
      watched.end();
    }
    if (!task.end()) {
      returned(roomBytes);
      return;
    }
    room.giveBack(roomBytes);
    if (image.isDecoded()) {
      task.put(ownPixels(task.slotBytes()));
    }
    task.tell(image);
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
  private void giveUp(DecodeTask task, long roomBytes) {
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
    room.lose(roomBytes);
    long boundMs = bounds.decodeTimeout().toMillis();
    log.error(
        "an image of {} bytes was not decoded within decode.timeout.ms = {} and becomes a dead"
            + " letter; {} of at most {} decode threads hang, and another one takes the place of"
            + " this one",
        task.encoded().length,
        boundMs,
        hanging,
        MAX_HUNG - 1);
    task.tell(
        DecodedImage.ofTimeout(
            "timeout: not decoded within %d ms (decode.timeout.ms)".formatted(boundMs),
            nanoClock.getAsLong()));
    if (hanging == MAX_HUNG) {
      InferenceException reason =
          new InferenceException(
              ("%d decode threads hang, each on an image that was not decoded within"
                      + " decode.timeout.ms = %d")
                  .formatted(hanging, boundMs));
      // First the dead letters of these images have to get out, or the next owner hangs, too.
      WorkWatch.Piece unused =
          watch.begin(
              bounds.decodeTimeout().multipliedBy(LAST_LETTERS),
              () -> {
                if (hung() >= MAX_HUNG) {
                  broken.accept(reason);
                }
              });
    }
  }

  private void returned(long roomBytes) {
    room.regain(roomBytes);
    log.warn("a decode that was given up has returned; {} hang", changeHung(-1));
  }

  /** Returns what it takes now. */
  DecodeLoad load() {
    return new DecodeLoad(room.bytes(), hung());
  }

  private int hung() {
    lock.lock();
    try {
      return hung;
    } finally {
      lock.unlock();
    }
  }

  /** The pool has a thread more for each that hangs. */
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

  private void awaitMoving() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (still) {
        moves.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Lets no further image be decoded until {@link #move()}; what is being decoded goes on. */
  void standStill() {
    lock.lock();
    try {
      still = true;
    } finally {
      lock.unlock();
    }
  }

  /** Goes on. */
  void move() {
    lock.lock();
    try {
      still = false;
      moves.signalAll();
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
