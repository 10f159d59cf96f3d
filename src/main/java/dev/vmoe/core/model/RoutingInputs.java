package dev.vmoe.core.model;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.vmoe.core.moe.GraphInput;
import dev.vmoe.core.onnx.Extent;
import dev.vmoe.core.onnx.GraphBuilder;
import dev.vmoe.core.onnx.Value;

/**
 * The inputs of a run that decide how its MoE layers route; {@link GraphInput} has their shapes.
 */
record RoutingInputs(
    Value capacity, Value expertsPerToken, Value batchPriority, Value imagePriority) {

  static RoutingInputs declare(GraphBuilder graph, Extent batch) {
    Extent one = Extent.of(1);
    return new RoutingInputs(
        graph.input(GraphInput.CAPACITY.label(), DataType.INT64, one),
        graph.input(GraphInput.EXPERTS_PER_TOKEN.label(), DataType.INT64, one),
        graph.input(GraphInput.BATCH_PRIORITY.label(), DataType.BOOL, one),
        graph.input(GraphInput.IMAGE_PRIORITY.label(), DataType.FLOAT, batch));
  }
}
