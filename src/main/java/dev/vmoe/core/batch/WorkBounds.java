package dev.vmoe.core.batch;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How much a batcher does at once, and how long one piece of work may take.
 *
 * @param decodeThreads threads that decode, at least 1
 * @param decodeBytes maximum bytes outside the heap of all images that are being decoded; asked for
 *     each image
 * @param decodeTimeout maximum time to decode one image
 * @param runTimeout maximum time of one run of the model
 */
public record WorkBounds(
    int decodeThreads, LongSupplier decodeBytes, Duration decodeTimeout, Duration runTimeout) {

  public WorkBounds {
    if (decodeThreads < 1) {
      throw new IllegalArgumentException(decodeThreads + " threads decode nothing");
    }
    if (decodeTimeout.isNegative() || decodeTimeout.isZero()) {
      throw new IllegalArgumentException("no image is decoded within " + decodeTimeout);
    }
    if (runTimeout.isNegative() || runTimeout.isZero()) {
      throw new IllegalArgumentException("no batch is run within " + runTimeout);
    }
  }
}
