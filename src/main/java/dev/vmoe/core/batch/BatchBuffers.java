package dev.vmoe.core.batch;

import dev.vmoe.core.inference.InferenceException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntFunction;

/**
 * The buffers that batches have in turn. None is ever lost: where there is no memory for a larger
 * one, the smaller stays. Guarded by the batcher's lock.
 */
final class BatchBuffers {

  private final Deque<ByteBuffer> free = new ArrayDeque<>();
  private final IntFunction<ByteBuffer> allocator;

  BatchBuffers(int count, int bytes, IntFunction<ByteBuffer> allocator) {
    this.allocator = allocator;
    for (int i = 0; i < count; i++) {
      free.addLast(allocator.apply(bytes));
    }
  }

  /**
   * Gives a batch a free buffer, or a larger one in its place where batches or images have grown.
   *
   * @return false if no buffer is free
   * @throws InferenceException if there is no memory for a larger one; the free one stays free
   */
  boolean giveTo(MicroBatch<?> batch) {
    ByteBuffer buffer = free.peekFirst();
    if (buffer == null) {
      return false;
    }
    int bytes = batch.terms.bufferBytes();
    if (buffer.capacity() < bytes) {
      buffer = larger(bytes);
    }
    free.removeFirst();
    batch.buffer = buffer;
    return true;
  }

  private ByteBuffer larger(int bytes) {
    try {
      return allocator.apply(bytes);
    } catch (OutOfMemoryError e) {
      throw new InferenceException(
          ("no memory outside the heap for a batch of %d bytes; lower batch.max.images, or raise"
                  + " VMOE_DIRECT_MEMORY (-XX:MaxDirectMemorySize)")
              .formatted(bytes),
          e);
    }
  }

  /** Takes the buffer of a batch back, if it has one. */
  void takeBack(MicroBatch<?> batch) {
    ByteBuffer buffer = batch.buffer;
    batch.buffer = null;
    if (buffer != null) {
      free.addLast(buffer);
    }
  }
}
