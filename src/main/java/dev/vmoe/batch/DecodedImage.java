package dev.vmoe.batch;

import dev.vmoe.image.BadImageException;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.InferenceException;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What came of decoding one image.
 *
 * @param rejection why it has no answer, for its sender; null if it is decoded
 * @param failure why this machine cannot decode at all; null if it can
 * @param startNanos when decoding began, by the clock of the batcher
 * @param nanos how long it took, in nanoseconds
 */
record DecodedImage(
    @Nullable String rejection, @Nullable InferenceException failure, long startNanos, long nanos) {

  private static final Logger log = LoggerFactory.getLogger(DecodedImage.class);

  /** Decodes an image into its slot of a batch's buffer. */
  static DecodedImage of(
      byte[] encoded, ImageDecoder decoder, ByteBuffer buffer, int slot, LongSupplier nanoClock) {
    long startNanos = nanoClock.getAsLong();
    String rejection = null;
    InferenceException failure = null;
    try {
      decoder.decode(encoded, buffer, slot);
    } catch (BadImageException e) {
      rejection = e.getMessage();
    } catch (RuntimeException e) {
      // A defect of the decoder: the image must not stop the stream, nor be lost.
      log.error("decoder failed on an image of {} bytes", encoded.length, e);
      rejection = "the decoder failed: " + e;
    } catch (Error e) {
      // Not the image's fault (natives missing, memory): a dead letter would be wrong.
      failure = new InferenceException("decoding failed on this machine: " + e, e);
    }
    return new DecodedImage(rejection, failure, startNanos, nanoClock.getAsLong() - startNanos);
  }
}
