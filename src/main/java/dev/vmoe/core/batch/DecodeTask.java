package dev.vmoe.core.batch;

import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.InferenceException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The decoding of one image. It waits, is under way, and is over, once: because it ended, because
 * it took too long, or because nobody wants the image any more.
 */
final class DecodeTask {

  private enum Stage {
    WAITING,
    UNDER_WAY,
    OVER
  }

  /**
   * What came of decoding one image.
   *
   * @param rejection why it has no answer, for its sender; null if it is decoded
   * @param timedOut whether it was rejected because decoding did not end
   * @param failure why this machine cannot decode it; null if it can
   * @param startNanos when decoding began, by the clock of the batcher
   * @param nanos how long it took
   */
  record DecodeOutcome(
      @Nullable String rejection,
      boolean timedOut,
      @Nullable InferenceException failure,
      long startNanos,
      long nanos) {

    boolean isDecoded() {
      return rejection == null && failure == null;
    }
  }

  final byte[] encoded;
  final ImageDecoder decoder;

  /** (S, S, 3) uint8, where the image goes. */
  final ByteBuffer slot;

  /** Told once what came of it, unless it was withdrawn. */
  final Consumer<DecodeOutcome> observer;

  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.WAITING);

  DecodeTask(
      byte[] encoded, ImageDecoder decoder, ByteBuffer slot, Consumer<DecodeOutcome> observer) {
    this.encoded = encoded;
    this.decoder = decoder;
    this.slot = slot;
    this.observer = observer;
  }

  boolean isOver() {
    return stage.get() == Stage.OVER;
  }

  /** Withdraws it if it still waits; returns whether that is so. */
  boolean withdraw() {
    return stage.compareAndSet(Stage.WAITING, Stage.OVER);
  }

  /** Begins it if it still waits; returns whether that is so. */
  boolean begin() {
    return stage.compareAndSet(Stage.WAITING, Stage.UNDER_WAY);
  }

  /** Ends it if it is under way; only who is told true may tell the observer. */
  boolean end() {
    return stage.compareAndSet(Stage.UNDER_WAY, Stage.OVER);
  }
}
