package dev.vmoe.batch;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The workers that decode images, which can be made to stand still.
 *
 * <p>A run on the CPU has a thread a core, and they wait for each other many times a run: a decoder
 * that takes one core for a moment takes them all. So decoding stands still while such a run is
 * under way and has every core between two runs.
 */
final class Decoding implements AutoCloseable {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition moves = lock.newCondition();
  private final ThreadPoolExecutor workers;
  private boolean still;

  Decoding(int threads, ThreadFactory factory) {
    workers =
        new ThreadPoolExecutor(
            threads, threads, 0, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), factory) {
          @Override
          protected void beforeExecute(Thread thread, Runnable task) {
            awaitMoving();
          }
        };
  }

  private void awaitMoving() {
    lock.lock();
    try {
      while (still) {
        moves.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the pool is being closed
    } finally {
      lock.unlock();
    }
  }

  /** Decodes when its turn comes. */
  void execute(Runnable task) {
    workers.execute(task);
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

  /** Waits until no worker works. */
  void awaitClosed() throws InterruptedException {
    workers.awaitTermination(10, TimeUnit.SECONDS);
  }
}
