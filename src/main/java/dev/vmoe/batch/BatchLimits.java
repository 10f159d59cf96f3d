package dev.vmoe.batch;

import java.time.Duration;

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
}
