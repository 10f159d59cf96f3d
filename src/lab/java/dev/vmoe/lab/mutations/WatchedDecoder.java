package dev.vmoe.lab.mutations;

import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.image.ImageDecoder;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** A decoder that keeps each image that gets neither a picture nor a reason. */
final class WatchedDecoder implements ImageDecoder {

  private final ImageDecoder decoder;
  private final FindingsFolder findings;
  private final AtomicLong slowestNanos = new AtomicLong();

  WatchedDecoder(ImageDecoder decoder, FindingsFolder findings) {
    this.decoder = decoder;
    this.findings = findings;
  }

  private interface Step {
    void run() throws BadImageException;
  }

  @Override
  public void decode(byte[] encoded, ByteBuffer images, int slot) throws BadImageException {
    long startNanos = System.nanoTime();
    findings.begin(encoded);
    try {
      watched(encoded, () -> decoder.decode(encoded, images, slot));
    } finally {
      findings.end();
      slowestNanos.accumulateAndGet(System.nanoTime() - startNanos, Math::max);
    }
  }

  @Override
  public long decodeBytes(byte[] encoded) throws BadImageException {
    long[] bytes = new long[1];
    watched(encoded, () -> bytes[0] = decoder.decodeBytes(encoded));
    return bytes[0];
  }

  private void watched(byte[] encoded, Step step) throws BadImageException {
    try {
      step.run();
    } catch (BadImageException e) {
      if (e.getMessage() == null || e.getMessage().isBlank()) {
        findings.keep("unexplained", encoded);
      }
      throw e;
    } catch (RuntimeException e) {
      findings.keep("exception", encoded);
      throw e;
    } catch (Error e) {
      findings.keep("error", encoded);
      throw e;
    }
  }

  /** Returns the longest time of one image, in nanoseconds. */
  long slowestNanos() {
    return slowestNanos.get();
  }
}
