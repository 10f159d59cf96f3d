package dev.vmoe.core.batch;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.inference.InferenceException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What came of decoding one image.
 *
 * @param rejection why it has no answer, for its sender; null if it is decoded
 * @param timedOut whether it was rejected because decoding did not end
 * @param failure why this machine cannot decode it; null if it can
 * @param startNanos when decoding began, by the clock of the batcher
 * @param nanos how long it took, in nanoseconds
 */
record DecodedImage(
    @Nullable String rejection,
    boolean timedOut,
    @Nullable InferenceException failure,
    long startNanos,
    long nanos) {

  private static final Logger log = LoggerFactory.getLogger(DecodedImage.class);

  /** A part of decoding. */
  @FunctionalInterface
  interface DecodeStep {
    void run() throws BadImageException, InterruptedException;
  }

  /** Does a part of decoding, and returns what came of it. */
  static DecodedImage of(int encodedBytes, LongSupplier nanoClock, DecodeStep work)
      throws InterruptedException {
    long startNanos = nanoClock.getAsLong();
    String rejection = null;
    InferenceException failure = null;
    try {
      work.run();
    } catch (BadImageException e) {
      rejection = e.getMessage();
    } catch (InferenceException e) {
      failure = e;
    } catch (RuntimeException e) {
      // A defect of the decoder: the image must not stop the stream, nor be lost.
      log.error("decoder failed on an image of {} bytes", encodedBytes, e);
      rejection = "the decoder failed: " + e;
    } catch (Error e) {
      // Not the image's fault (natives missing, memory): a dead letter would be wrong.
      failure = new InferenceException("decoding failed on this machine: " + e, e);
    }
    return new DecodedImage(
        rejection, false, failure, startNanos, nanoClock.getAsLong() - startNanos);
  }

  /** Returns what came of an image whose decoding did not end. */
  static DecodedImage ofTimeout(String rejection, long nowNanos) {
    return new DecodedImage(rejection, true, null, nowNanos, 0);
  }

  /** Returns whether there is an image. */
  boolean isDecoded() {
    return rejection == null && failure == null;
  }
}
