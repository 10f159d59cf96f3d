package dev.vmoe.core.batch;

import dev.vmoe.core.image.BadImageException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The memory outside the heap that images take while they are decoded, over all workers.
 *
 * <p>Who finds no room waits, and those behind wait, too: small images do not pass a large one for
 * ever. Those who hold room decode at the latest after the run that is under way, and give it back.
 * Only a decode that hangs does not: what it holds is lost until it returns. Where nothing but lost
 * room is taken, the next image goes in all the same: its batch, and the answers of the images that
 * hang, must get out.
 */
final class DecodeRoom {

  private final LongSupplier maxBytes;
  private final ReentrantLock lock = new ReentrantLock();

  /** Room was given back, or it is the next one's turn. */
  private final Condition changed = lock.newCondition();

  private final Deque<Object> waiting = new ArrayDeque<>();
  private long taken;
  private long lost;

  /**
   * Creates an empty room.
   *
   * @param maxBytes bytes that all images may take together; asked for each
   */
  DecodeRoom(LongSupplier maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * Takes room for an image, as soon as there is some.
   *
   * @param bytes what decoding it takes; 0 never waits
   * @throws BadImageException if there can never be enough
   */
  void take(long bytes) throws BadImageException, InterruptedException {
    if (bytes == 0) {
      return;
    }
    Object turn = new Object();
    lock.lockInterruptibly();
    try {
      waiting.addLast(turn);
      while (waiting.peekFirst() != turn || !fits(bytes)) {
        changed.await();
      }
      taken += bytes;
    } finally {
      waiting.remove(turn);
      changed.signalAll();
      lock.unlock();
    }
  }

  private boolean fits(long bytes) throws BadImageException {
    long max = maxBytes.getAsLong();
    if (bytes > max) {
      throw new BadImageException(
          "decoding the image takes up to %d bytes of memory, limit is %d (decode.max.bytes)"
              .formatted(bytes, max));
    }
    return taken == 0 || bytes <= max - taken - lost;
  }

  /** Returns the bytes that are taken or lost. */
  long bytes() {
    lock.lock();
    try {
      return taken + lost;
    } finally {
      lock.unlock();
    }
  }

  /** Gives room back. */
  void giveBack(long bytes) {
    change(-bytes, 0);
  }

  /** Notes that a decode hangs, and what it has taken is not given back. */
  void lose(long bytes) {
    change(-bytes, bytes);
  }

  /** Gives back what a decode had taken that hung and has returned after all. */
  void regain(long bytes) {
    change(0, -bytes);
  }

  private void change(long takenBytes, long lostBytes) {
    lock.lock();
    try {
      taken += takenBytes;
      lost += lostBytes;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
