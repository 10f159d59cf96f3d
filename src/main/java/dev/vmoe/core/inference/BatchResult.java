package dev.vmoe.core.inference;

import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import java.util.Arrays;

/**
 * What the model said of one batch.
 *
 * @param logits (B, classes)
 * @param counts routing counted by image, layer and expert
 * @param settings what the run was asked for
 * @param slots C, slots an expert; 0 for a dense model
 * @param effectiveCapacityRatio ratio that C amounts to; the requested one for a dense model
 * @param inferenceNanos time of the run, in nanoseconds
 * @param features (B, F), what the logits were made of; (0) where the session does not give it
 * @param kept (B, L, T), of each token the number of choices that found a slot; empty for a dense
 *     model, and where the run was not asked for it
 */
@SuppressWarnings("ArrayRecordComponent")
public record BatchResult(
    float[][] logits,
    RoutingCounts counts,
    RoutingSettings settings,
    int slots,
    double effectiveCapacityRatio,
    long inferenceNanos,
    float[][] features,
    byte[] kept) {

  /** Returns (T), of each token of an image the number of choices that found a slot in a layer. */
  public byte[] kept(int image, int layer) {
    int layers = counts.numLayers();
    int tokens = kept.length / (counts.numImages() * layers);
    int from = (image * layers + layer) * tokens;
    return Arrays.copyOfRange(kept, from, from + tokens);
  }
}
