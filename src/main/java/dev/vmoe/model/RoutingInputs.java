package dev.vmoe.model;

import dev.vmoe.onnx.ElementType;
import dev.vmoe.onnx.Extent;
import dev.vmoe.onnx.GraphBuilder;
import dev.vmoe.onnx.Value;

/**
 * What a run brings to decide how its MoE layers route.
 *
 * @param capacity (1) int64, slots an expert
 * @param expertsPerToken (1) int64, K
 * @param batchPriority (1) bool, Batch Priority Routing or vanilla order
 * @param imagePriority (B) float, from 0 to 1, the image's priority over the largest of the batch;
 *     a token's sort key is its largest gate times this
 */
record RoutingInputs(
    Value capacity, Value expertsPerToken, Value batchPriority, Value imagePriority) {

  /** Declares these inputs, under the names a run brings them by. */
  static RoutingInputs declare(GraphBuilder graph, Extent batch) {
    Extent one = Extent.of(1);
    return new RoutingInputs(
        graph.input("capacity", ElementType.INT64, one),
        graph.input("experts_per_token", ElementType.INT64, one),
        graph.input("batch_priority", ElementType.BOOL, one),
        graph.input("image_priority", ElementType.FLOAT, batch));
  }
}
