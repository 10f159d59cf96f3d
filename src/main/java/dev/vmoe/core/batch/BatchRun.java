package dev.vmoe.core.batch;

import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.moe.ModelCard;
import org.jspecify.annotations.Nullable;

/**
 * One micro-batch that has been run.
 *
 * @param id identifies the batch
 * @param card the model that it was run with; the first one where no image was left to run
 * @param numImages images that were run: neither undecodable nor expired
 * @param flushReason why the batch was closed
 * @param lingerNanos from the batch's first image to its closing, in nanoseconds
 * @param decision the operating point it ran at, and why; null where no image was left to run
 * @param result what the model said; null where no image was left to run
 * @param startNanos when the images stopped waiting, by {@link System#nanoTime}
 */
public record BatchRun(
    String id,
    ModelCard card,
    int numImages,
    FlushReason flushReason,
    long lingerNanos,
    @Nullable Decision decision,
    @Nullable BatchResult result,
    long startNanos) {

  /** Returns a batch of which no image was left to run. */
  static BatchRun ofNothing(
      String id, ModelCard card, FlushReason flushReason, long lingerNanos, long nowNanos) {
    return new BatchRun(id, card, 0, flushReason, lingerNanos, null, null, nowNanos);
  }

  /** Returns when the images were answered, by {@link System#nanoTime}. */
  public long endNanos() {
    return startNanos + (result == null ? 0 : result.inferenceNanos());
  }
}
