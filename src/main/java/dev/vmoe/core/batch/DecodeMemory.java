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
 * <p>An image that does not fit waits, and those behind it wait, too: small images do not pass a
 * large one for ever. What was acquired is released at the latest after the run that is under way.
 * Only a decode that hangs does not release: its memory is lost until it returns. Where nothing but
 * lost memory is taken, the next image goes in all the same: its batch, and the answers of the
 * images that hang, must get out.
 */
final class DecodeMemory {

  /** Maximum of all images together; asked for each. */
  private final LongSupplier maxBytes;

  private final ReentrantLock lock = new ReentrantLock();

  /** Memory was released, or it is the next one's turn. */
  private final Condition changed = lock.newCondition();

  private final Deque<Object> waiting = new ArrayDeque<>();
  private long taken;
  private long lost;

  DecodeMemory(LongSupplier maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * Acquires memory for an image, as soon as there is enough; 0 bytes never wait.
   *
   * @throws BadImageException if there can never be enough
   */
  void acquire(long bytes) throws BadImageException, InterruptedException {
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

  long bytes() {
    lock.lock();
    try {
      return taken + lost;
    } finally {
      lock.unlock();
    }
  }

  void release(long bytes) {
    change(-bytes, 0);
  }

  /** Notes that the decode hangs that has acquired this. */
  void lose(long bytes) {
    change(-bytes, bytes);
  }

  /** Takes back what was lost: the decode has returned after all. */
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
