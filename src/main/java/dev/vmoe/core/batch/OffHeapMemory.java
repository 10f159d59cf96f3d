package dev.vmoe.core.batch;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * The memory outside the heap: whether the buffers of batches fit, and what is left for decoding.
 *
 * @param limitBytes memory of the container, else of the machine
 * @param heapBytes maximum of the heap
 * @param directBytes maximum of all buffers outside the heap
 */
public record OffHeapMemory(long limitBytes, long heapBytes, long directBytes) {

  /**
   * Memory for code, threads, native libraries and the runtime's arenas. Measured: an instance with
   * the bundled model had 760 MiB after 1,000 photographs, 512 of them heap and 14 model.
   */
  public static final long OTHER_BYTES = 234L << 20;

  /** Minimum for decoding: otherwise an instance with little memory refuses good images. */
  static final long MIN_DECODE_BYTES = 192L << 20;

  private static final OffHeapMemory THIS_JVM = measured();

  /** Returns the memory of this process, as it was when it was first asked for. */
  public static OffHeapMemory ofThisJvm() {
    return THIS_JVM;
  }

  private static OffHeapMemory measured() {
    HotSpotDiagnosticMXBean options =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    long heapBytes = Runtime.getRuntime().maxMemory();
    long directBytes =
        options == null ? 0 : Long.parseLong(options.getVMOption("MaxDirectMemorySize").getValue());
    return new OffHeapMemory(
        ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize(),
        heapBytes,
        directBytes > 0 ? directBytes : heapBytes);
  }

  /**
   * Returns whether the buffers of batches fit and leave a quarter to sockets.
   *
   * @param imageSize height and width of the model's input, in pixels
   * @param maxImages maximum images of a batch
   * @param runs batches that run at once
   */
  public boolean fitsBuffers(int imageSize, int maxImages, int runs) {
    long bytes = bufferBytes(imageSize, maxImages);
    return bytes <= Integer.MAX_VALUE && MicroBatcher.buffers(runs) * bytes <= directBytes / 4 * 3;
  }

  /**
   * Checks that the buffers of batches fit: otherwise the instance would stop in the middle of its
   * work.
   *
   * @throws IllegalArgumentException if they do not; its message has the numbers
   */
  public void requireBuffers(int imageSize, int maxImages, int runs) {
    if (!fitsBuffers(imageSize, maxImages, runs)) {
      throw new IllegalArgumentException(
          ("batch.max.images %d: %d buffers of %d bytes (images of %d x %d pixels) do not fit;"
                  + " together they may take three quarters of the %d bytes outside the heap, each"
                  + " at most %d bytes; lower it, or raise VMOE_DIRECT_MEMORY"
                  + " (-XX:MaxDirectMemorySize)")
              .formatted(
                  maxImages,
                  MicroBatcher.buffers(runs),
                  bufferBytes(imageSize, maxImages),
                  imageSize,
                  imageSize,
                  directBytes,
                  Integer.MAX_VALUE));
    }
  }

  private static long bufferBytes(int imageSize, int maxImages) {
    return 3L * imageSize * imageSize * maxImages;
  }

  /**
   * Returns what all images that are being decoded may take together, in bytes.
   *
   * @param modelBytes bytes of the files of all models that are served
   */
  public long decodeBytes(long modelBytes) {
    return Math.max(MIN_DECODE_BYTES, leftBytes(modelBytes));
  }

  /** Returns what is left beside heap, buffers, model and the rest, in bytes; may be below 0. */
  public long leftBytes(long modelBytes) {
    return limitBytes - heapBytes - directBytes - OTHER_BYTES - modelBytes;
  }
}
