package dev.vmoe.model;

import dev.vmoe.onnx.ElementType;
import dev.vmoe.onnx.Value;

/**
 * The order in which the tokens of a batch claim slots.
 *
 * <p>A token's key is a whole number, so that every implementation orders alike:
 *
 * <pre>
 *   key = batchPriority · trunc(2³⁰ · clip(largest gate · image priority, 0, 1))
 * </pre>
 *
 * computed in fp32, where the product is rounded once and the scaling by a power of two is exact:
 * {@code (long) ((gate * priority) * 0x1p30f)} in Java. The larger key claims first, of equal keys
 * the earlier token. In vanilla order all keys are 0, which leaves the position.
 *
 * <p>Both go into one number, key · 2³¹ − position, which is unique: no sort has a tie to break.
 *
 * <p>Axes: B images, T tokens an image, N = B·T.
 */
final class ClaimOrder {

  private static final float KEY_STEPS = 0x1p30f;
  private static final long POSITIONS = 1L << 31;

  private ClaimOrder() {}

  /**
   * Returns each token's place in the order, (N) int64.
   *
   * @param largestGates (N) float
   * @param counting (N) int64: 0, 1, … N − 1
   * @param numTokens N as (1) int64
   */
  static Value of(
      Value largestGates,
      int tokensPerImage,
      Value counting,
      Value numTokens,
      RoutingInputs inputs) {
    var graph = largestGates.graph();
    Value key =
        largestGates
            .reshape(-1, tokensPerImage)
            .times(inputs.imagePriority().unsqueeze(1)) // (B, T)
            .clip(0, 1)
            .times(graph.real(KEY_STEPS))
            .cast(ElementType.INT64)
            .times(inputs.batchPriority().cast(ElementType.INT64))
            .reshape(-1);
    Value uniqueKey = key.times(graph.integer(POSITIONS)).minus(counting);
    return uniqueKey.largest(numTokens).positions().inversePermutation(counting);
  }
}
