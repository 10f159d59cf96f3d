package dev.vmoe.lab.sizing;

/**
 * Memory of an instance, in MiB.
 *
 * @param heap size of the heap: a quarter of it holds what is in flight
 * @param direct buffers of decoded images, outside the heap
 * @param besideHeap all that was resident beside the heap where the costs were measured, direct
 *     buffers included; 0 where the system did not tell
 */
public record InstanceMemory(long heap, double direct, double besideHeap) {

  private static final double MIB = 1 << 20;

  /** The launcher's heap. */
  private static final long MIN_HEAP = 512;

  private static final long HEAP_STEP = 256;
  private static final int BUFFERS = 3;
  private static final int BATCHES_IN_FLIGHT = 4;

  /**
   * Returns the memory of an instance.
   *
   * @param partitions partitions that it has
   * @param imageBytes mean bytes of an encoded image
   */
  static InstanceMemory of(
      MeasuredCosts costs, Batching batching, int partitions, long imageBytes) {
    double inFlight =
        (double) partitions * BATCHES_IN_FLIGHT * batching.maxImages() * imageBytes / MIB;
    long heap = Math.max(MIN_HEAP, HEAP_STEP * (long) Math.ceil(4 * inFlight / HEAP_STEP));
    double direct =
        3.0 * BUFFERS * costs.imageSize() * costs.imageSize() * batching.maxImages() / MIB;
    return new InstanceMemory(heap, direct, costs.besideHeapMib());
  }

  /** Returns what is resident in all. */
  double total() {
    return heap + besideHeap;
  }
}
