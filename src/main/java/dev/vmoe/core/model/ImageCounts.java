package dev.vmoe.core.model;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.vmoe.core.onnx.Value;
import java.util.List;

/**
 * What one MoE layer did with each image, counted.
 *
 * <p>Axes: B images, T tokens an image, E experts, K experts a token.
 *
 * @param assigned (B, E) int32, choices before capacity
 * @param dispatched (B, E) int32, kept choices
 * @param gateSum (B, E) float, summed gates of the kept choices
 * @param importance (B, E) float, summed gates of all tokens and experts
 * @param skipped (B) int32, tokens without a kept choice
 * @param kept (B, T) int8, kept choices of each token
 */
record ImageCounts(
    Value assigned, Value dispatched, Value gateSum, Value importance, Value skipped, Value kept) {

  /**
   * Counts one layer.
   *
   * @param gates (B·T, E)
   * @param batch B as (1) int64
   */
  static ImageCounts of(
      Value gates, SlotAssignment slots, Value batch, int tokensPerImage, int numExperts) {
    var graph = gates.graph();
    Value imageRows = graph.concat(0, List.of(batch, graph.integers(-1)));
    Value kept = slots.kept().cast(DataType.FLOAT);
    Value keptAndWeight =
        graph.stack(1, List.of(kept.reshape(imageRows), slots.weight().reshape(imageRows)));
    List<Value> sums =
        keptAndWeight.matMul(slots.hot()).split(1, 2); // whole numbers far below 2²⁴: exact
    Value keptOfToken = kept.sum(1).reshape(-1, tokensPerImage);
    return new ImageCounts(
        slots.assigned().cast(DataType.INT32),
        sums.get(0).squeeze(1).cast(DataType.INT32),
        sums.get(1).squeeze(1),
        gates.reshape(-1, tokensPerImage, numExperts).sum(1),
        keptOfToken.equalTo(graph.real(0)).cast(DataType.FLOAT).sum(1).cast(DataType.INT32),
        keptOfToken.cast(DataType.INT8));
  }
}
