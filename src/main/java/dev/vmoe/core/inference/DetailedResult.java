package dev.vmoe.core.inference;

import java.util.Arrays;

/**
 * What the model said of one batch, and what became of each token.
 *
 * @param result what the model said
 * @param kept (B, L, T), of each token the number of choices that found a slot; empty for a dense
 *     model
 */
@SuppressWarnings("ArrayRecordComponent")
public record DetailedResult(BatchResult result, byte[] kept) {

  /** Returns (T), of each token of an image the number of choices that found a slot in a layer. */
  public byte[] kept(int image, int layer) {
    int layers = result.counts().numLayers();
    int tokens = kept.length / (result.counts().numImages() * layers);
    int from = (image * layers + layer) * tokens;
    return Arrays.copyOfRange(kept, from, from + tokens);
  }
}
