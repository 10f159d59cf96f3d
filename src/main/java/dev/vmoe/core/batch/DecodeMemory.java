package dev.vmoe.core.batch;

import com.sun.management.OperatingSystemMXBean;
import dev.vmoe.streams.settings.Settings;
import java.lang.management.ManagementFactory;

/**
 * The memory that decoding may take: what heap, buffers, model and the rest of the process leave of
 * the container's memory, else of the machine's.
 */
public final class DecodeMemory {

  /**
   * Memory for code, threads, native libraries and the runtime's arenas. Measured: an instance with
   * the bundled model had 760 MiB after 1,000 photographs, 512 of them heap and 14 model.
   */
  public static final long OTHER_BYTES = 234L << 20;

  /** What it may take at least: otherwise an instance with little memory refuses good images. */
  static final long MIN_BYTES = 192L << 20;

  private final long setBytes;
  private final long withoutModel;

  /** Looks at the settings and at what this JVM has and may take. */
  public DecodeMemory(Settings settings) {
    this(
        settings.getLong(Settings.DECODE_MAX_BYTES),
        ofContainerOrMachine(),
        Runtime.getRuntime().maxMemory(),
        BufferRoom.ofThisJvm());
  }

  /**
   * Creates it from numbers, all in bytes.
   *
   * @param setBytes set by hand; 0 if it is not
   * @param limitBytes memory of the container, else of the machine
   * @param heapBytes what the heap may take
   * @param directBytes what buffers outside the heap may take
   */
  DecodeMemory(long setBytes, long limitBytes, long heapBytes, long directBytes) {
    this.setBytes = setBytes;
    this.withoutModel = limitBytes - heapBytes - directBytes - OTHER_BYTES;
  }

  /** Returns the memory of this container in bytes, else of this machine. */
  public static long ofContainerOrMachine() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getTotalMemorySize();
  }

  /**
   * Returns what all images that are being decoded may take together, in bytes.
   *
   * @param modelBytes bytes of the files of all models that are served
   */
  public long bytes(long modelBytes) {
    return setBytes > 0 ? setBytes : Math.max(MIN_BYTES, left(modelBytes));
  }

  /** Returns what is left beside heap, buffers, model and the rest, in bytes; may be below 0. */
  public long left(long modelBytes) {
    return withoutModel - modelBytes;
  }
}
