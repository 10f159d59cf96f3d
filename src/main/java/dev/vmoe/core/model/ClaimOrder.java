package dev.vmoe.core.model;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.vmoe.core.moe.RoutingLimits;
import dev.vmoe.core.onnx.Value;

/**
 * The order in which choices claim slots, as whole numbers: the smaller claims first.
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
 * <p>With e the expert and k the rank of a choice (0 for the first), K experts a token,
 *
 * <pre>
 *   claim = (e·K + k) · 2⁵² − key · 2²¹ + position
 * </pre>
 *
 * lines choices up by expert, first choices before second ones, then by key, then by position. It
 * is unique: no sort has a tie to break. It holds {@value RoutingLimits#MAX_TOKENS} tokens and
 * {@value RoutingLimits#MAX_EXPERT_CHOICES} pairs of expert and rank.
 *
 * <p>Axes: B images, T tokens an image, N = B·T, E experts, K experts a token.
 */
final class ClaimOrder {

  private static final float KEY_STEPS = RoutingLimits.MAX_PRIORITY_KEY;
  private static final long POSITIONS = RoutingLimits.MAX_TOKENS;
  private static final long CLAIMS_OF_A_RANK = 2 * RoutingLimits.MAX_PRIORITY_KEY * POSITIONS;

  private ClaimOrder() {}

  /**
   * Returns the claim of each choice, (N, K) int64.
   *
   * @param top the K largest gates of each token, and whose they are, (N, K)
   * @param numTokens N as (1) int64
   */
  static Value of(Value.TopK top, int tokensPerImage, Value numTokens, RoutingInputs inputs) {
    var graph = numTokens.graph();
    Value k = inputs.expertsPerToken();
    Value keys =
        top.values()
            .at(1, 0)
            .reshape(-1, tokensPerImage)
            .times(inputs.imagePriority().unsqueeze(1)) // (B, T)
            .clip(0, 1)
            .times(graph.real(KEY_STEPS))
            .cast(DataType.INT64)
            .times(inputs.batchPriority().cast(DataType.INT64).times(graph.integer(POSITIONS)))
            .reshape(-1, 1);
    Value place = graph.counting(numTokens).reshape(-1, 1).minus(keys); // (N, 1)
    return top.positions()
        .times(k)
        .plus(graph.counting(k))
        .times(graph.integer(CLAIMS_OF_A_RANK))
        .plus(place);
  }
}
