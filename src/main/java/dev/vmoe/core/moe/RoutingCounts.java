package dev.vmoe.core.moe;

/**
 * What routing did, counted by image, MoE layer and expert.
 *
 * <p>Axes: B images, L MoE layers, E experts; arrays are flat in C order. The arrays are handed
 * over, not copied: one run makes one instance and nobody writes to it.
 *
 * @param numImages B
 * @param numLayers L; 0 for a dense model
 * @param numExperts E
 * @param assigned (B, L, E) choices before capacity
 * @param dispatched (B, L, E) choices that found a slot
 * @param gateSum (B, L, E) summed routing weight of the choices that found a slot
 * @param importance (B, L, E) summed gates before top-K
 * @param skipped (B, L) tokens without a choice that found a slot
 */
@SuppressWarnings("ArrayRecordComponent")
public record RoutingCounts(
    int numImages,
    int numLayers,
    int numExperts,
    int[] assigned,
    int[] dispatched,
    float[] gateSum,
    float[] importance,
    int[] skipped) {

  /** Checks the arrays against the axes. */
  public RoutingCounts {
    int choices = numImages * numLayers * numExperts;
    if (assigned.length != choices
        || dispatched.length != choices
        || gateSum.length != choices
        || importance.length != choices
        || skipped.length != numImages * numLayers) {
      throw new IllegalArgumentException(
          String.format(
              "counts of %d images, %d layers, %d experts have lengths %d %d %d %d %d",
              numImages,
              numLayers,
              numExperts,
              assigned.length,
              dispatched.length,
              gateSum.length,
              importance.length,
              skipped.length));
    }
  }

  /** Returns the position of (image, layer, expert 0) in the (B, L, E) arrays. */
  public int at(int image, int layer) {
    return (image * numLayers + layer) * numExperts;
  }

  /** Returns the share of an image's token choices that found a slot; 1 without MoE layers. */
  public double processedShare(int image) {
    long assignedChoices = 0;
    long dispatchedChoices = 0;
    for (int i = at(image, 0); i < at(image + 1, 0); i++) {
      assignedChoices += assigned[i];
      dispatchedChoices += dispatched[i];
    }
    return assignedChoices == 0 ? 1 : (double) dispatchedChoices / assignedChoices;
  }
}
