package dev.vmoe.core.model;

import dev.vmoe.core.onnx.GraphBuilder;
import dev.vmoe.core.onnx.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * What the experts of one layer make of the tokens in their slots.
 *
 * <p>Axes: N tokens of the batch, D hidden size, H MLP size, E experts, K experts a token, C slots
 * an expert, S rows of the buffer.
 *
 * @param rows (S, D), expert by expert, within an expert slot by slot
 * @param firstRow (E) int64, where the rows of each expert start
 */
record ExpertOutputs(Value rows, Value firstRow) {

  /**
   * Computes each expert on exactly the rows that claimed its slots: a slot that nobody claims
   * costs nothing.
   *
   * @param tokens (N, D)
   */
  static ExpertOutputs ofExactRows(
      Value tokens,
      SlotAssignment slots,
      RoutingInputs inputs,
      VmoeArchitecture a,
      Parameters mlp,
      Form form) {
    GraphBuilder graph = tokens.graph();
    List<ProductRows> dispatched = new ArrayList<>();
    Value firstRow;
    try (var scope = graph.scope("dispatch")) {
      Value used = slots.load().min(inputs.capacity()); // (E)
      Value usedAndDropped =
          graph.stack(1, List.of(used, slots.load().minus(used))).reshape(-1); // (2E), in turn
      List<Value> parts = slots.tokens().split(0, 2 * a.numExperts(), usedAndDropped);
      ProductRows rows = ProductRows.of(tokens, form.precision());
      for (int expert = 0; expert < a.numExperts(); expert++) {
        dispatched.add(rows.gather(parts.get(2 * expert)));
      }
      firstRow = used.sumBefore();
    }
    List<Value> rows = new ArrayList<>();
    for (int expert = 0; expert < a.numExperts(); expert++) {
      try (var scope = graph.scope("experts/" + expert)) {
        rows.add(Mlp.expert(expert, a, mlp).apply(dispatched.get(expert), form));
      }
    }
    try (var scope = graph.scope("dispatch")) {
      return new ExpertOutputs(graph.concat(0, rows), firstRow);
    }
  }

  /**
   * Computes all experts at once on C slots each, used or not: no shape depends on data. What is in
   * an unused slot is computed; the first slot's row is read, with weight 0, for choices that are
   * not made.
   *
   * @param tokens (N, D)
   */
  static ExpertOutputs ofAllSlots(
      Value tokens,
      SlotAssignment slots,
      RoutingInputs inputs,
      VmoeArchitecture a,
      Parameters mlp,
      Form form) {
    GraphBuilder graph = tokens.graph();
    int e = a.numExperts();
    int d = a.hiddenSize();
    int h = a.mlpSize();
    Value dispatched;
    Value firstRow;
    try (var scope = graph.scope("dispatch")) {
      Value last = slots.tokens().extent(0).minus(graph.integers(1));
      Value claimed =
          slots
              .load()
              .sumBefore()
              .unsqueeze(1)
              .plus(graph.counting(inputs.capacity()))
              .min(last); // (E, C)
      dispatched = tokens.gather(slots.tokens().gather(claimed)); // (E, C, D)
      firstRow = graph.integers(LongStream.range(0, e).toArray()).times(inputs.capacity());
    }
    try (var scope = graph.scope("experts")) {
      Precision type = form.precision();
      Value kernel0 =
          type.inGraph(graph.constant("Dense_0/kernel", mlp.get("Dense_0/kernel", e, d, h)));
      Value bias0 =
          type.inGraph(
              graph.constant("Dense_0/bias", mlp.get("Dense_0/bias", e, h).reshape(e, 1, h)));
      Value kernel1 =
          type.inGraph(graph.constant("Dense_1/kernel", mlp.get("Dense_1/kernel", e, h, d)));
      Value bias1 =
          type.inGraph(
              graph.constant("Dense_1/bias", mlp.get("Dense_1/bias", e, d).reshape(e, 1, d)));
      Value hidden = dispatched.matMul(kernel0).plus(bias0).geluTanh();
      Value rows = hidden.matMul(kernel1).plus(bias1).reshape(-1, d); // (E·C, D)
      return new ExpertOutputs(rows, firstRow);
    }
  }
}
