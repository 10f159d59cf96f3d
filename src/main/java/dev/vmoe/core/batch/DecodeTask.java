package dev.vmoe.core.batch;

import dev.vmoe.core.image.ImageDecoder;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

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

  private final byte[] encoded;
  private final ImageDecoder decoder;
  private final ByteBuffer images;
  private final int slot;
  private final int slotBytes;
  private final Consumer<DecodedImage> outcome;
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.WAITING);

  /**
   * Creates a task that waits.
   *
   * @param images (B, S, S, 3) uint8, where the image goes
   * @param slot index of the image there
   * @param slotBytes bytes of an image: S · S · 3
   * @param outcome told once what came of it, unless it was withdrawn
   */
  DecodeTask(
      byte[] encoded,
      ImageDecoder decoder,
      ByteBuffer images,
      int slot,
      int slotBytes,
      Consumer<DecodedImage> outcome) {
    this.encoded = encoded;
    this.decoder = decoder;
    this.images = images;
    this.slot = slot;
    this.slotBytes = slotBytes;
    this.outcome = outcome;
  }

  byte[] encoded() {
    return encoded;
  }

  ImageDecoder decoder() {
    return decoder;
  }

  int slotBytes() {
    return slotBytes;
  }

  /** Withdraws it if it still waits; returns whether that is so. */
  boolean withdraw() {
    return stage.compareAndSet(Stage.WAITING, Stage.OVER);
  }

  boolean isOver() {
    return stage.get() == Stage.OVER;
  }

  /** Begins it if it still waits; returns whether that is so. */
  boolean begin() {
    return stage.compareAndSet(Stage.WAITING, Stage.UNDER_WAY);
  }

  /** Ends it if it is under way; only who is told true may say what came of it. */
  boolean end() {
    return stage.compareAndSet(Stage.UNDER_WAY, Stage.OVER);
  }

  /** Puts the image into its slot. */
  void put(ByteBuffer pixels) {
    images.put(slot * slotBytes, pixels, 0, slotBytes);
  }

  /** Says what came of it. */
  void tell(DecodedImage image) {
    outcome.accept(image);
  }
}
