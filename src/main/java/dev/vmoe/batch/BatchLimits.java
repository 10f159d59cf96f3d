package dev.vmoe.batch;

import java.time.Duration;
import java.util.Optional;

/**
 * When a micro-batch is closed.
 *
 * @param maxImages most images of a batch, at least 1
 * @param maxBytes most encoded bytes of a batch; one larger image still gets a batch of its own
 * @param linger longest wait of the oldest image for others to join
 */
public record BatchLimits(int maxImages, long maxBytes, Duration linger) {

  /** Rejects limits that no batch can keep. */
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
   * Returns why a batch must be closed now, if it must.
   *
   * @param images images it holds
   * @param bytes their encoded bytes
   * @param ageNanos time since its oldest image came, in nanoseconds
   */
  public Optional<FlushReason> flush(int images, long bytes, long ageNanos) {
    Optional<FlushReason> full = full(images, bytes);
    return full.isPresent() || ageNanos < linger.toNanos() ? full : Optional.of(FlushReason.LINGER);
  }

  /** Returns why a batch takes no more, however young it is. */
  Optional<FlushReason> full(int images, long bytes) {
    if (images >= maxImages) {
      return Optional.of(FlushReason.SIZE);
    }
    return bytes >= maxBytes ? Optional.of(FlushReason.BYTES) : Optional.empty();
  }

  /** Returns whether an image of this size must not join a batch that holds these bytes. */
  public boolean overflows(long bytesHeld, long imageBytes) {
    return bytesHeld > 0 && bytesHeld + imageBytes > maxBytes;
  }
}
