package dev.vmoe.core.batch;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When a micro-batch is closed: a function of what it holds, its age and whether an inference
 * thread is free.
 *
 * <pre>
 * SIZE    images ≥ maxImages
 * BYTES   bytes ≥ maxBytes
 * LINGER  age ≥ linger, and a thread is free: while all run, a batch only gets fuller
 * </pre>
 *
 * @param maxImages maximum images of a batch, at least 1
 * @param maxBytes maximum encoded bytes of a batch; one larger image still gets a batch of its own
 * @param linger longest wait of the oldest image for others to join
 */
public record BatchLimits(int maxImages, long maxBytes, Duration linger) {

  public BatchLimits {
    if (maxImages < 1) {
      throw new IllegalArgumentException("a batch of at most " + maxImages + " images is empty");
    }
    if (maxBytes < 1) {
      throw new IllegalArgumentException("a batch of at most " + maxBytes + " bytes is empty");
    }
    if (linger.isNegative()) {
      throw new IllegalArgumentException("linger " + linger + " is negative");
    }
  }

  /**
   * Whether a batch is closed, and if not, when to ask again.
   *
   * @param reason why it must be closed now; null if it may still fill
   * @param deadlineNanos age of the batch at which it must be closed although nothing joins, in
   *     nanoseconds; {@link Long#MAX_VALUE} while a run is under way
   */
  public record Closing(@Nullable FlushReason reason, long deadlineNanos) {}

  /**
   * Returns whether a batch must be closed now.
   *
   * @param images images it holds
   * @param bytes their encoded bytes
   * @param ageNanos time since its oldest image came, in nanoseconds
   * @param running whether a run is under way
   */
  public Closing closing(int images, long bytes, long ageNanos, boolean running) {
    long deadlineNanos = running ? Long.MAX_VALUE : linger.toNanos();
    if (images >= maxImages) {
      return new Closing(FlushReason.SIZE, deadlineNanos);
    }
    if (bytes >= maxBytes) {
      return new Closing(FlushReason.BYTES, deadlineNanos);
    }
    return new Closing(ageNanos >= deadlineNanos ? FlushReason.LINGER : null, deadlineNanos);
  }

  /** Returns whether an image of this size must not join a batch that holds these bytes. */
  public boolean overflows(long bytesHeld, long imageBytes) {
    return bytesHeld > 0 && bytesHeld + imageBytes > maxBytes;
  }
}
