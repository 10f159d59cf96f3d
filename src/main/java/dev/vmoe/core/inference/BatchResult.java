package dev.vmoe.core.inference;

import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;

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
 */
@SuppressWarnings("ArrayRecordComponent")
public record BatchResult(
    float[][] logits,
    RoutingCounts counts,
    RoutingSettings settings,
    int slots,
    double effectiveCapacityRatio,
    long inferenceNanos,
    float[][] features) {

  /** Creates a result without features. */
  public BatchResult(
      float[][] logits,
      RoutingCounts counts,
      RoutingSettings settings,
      int slots,
      double effectiveCapacityRatio,
      long inferenceNanos) {
    this(logits, counts, settings, slots, effectiveCapacityRatio, inferenceNanos, new float[0][]);
  }
}
