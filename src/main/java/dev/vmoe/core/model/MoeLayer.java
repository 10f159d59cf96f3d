package dev.vmoe.core.model;

import dev.vmoe.core.onnx.GraphBuilder;
import dev.vmoe.core.onnx.Value;

/**
 * A mixture of experts in place of an MLP: each token goes to the experts it has the largest gates
 * for, as far as they have slots.
 *
 * <pre>
 *   gates   = softmax(tokens · W)                  (N, E), not renormalised after the choice
 *   slots   = SlotAssignment(gates)                who gets which slot
 *   outputs = experts(tokens in their slots)       dispatch is a gather
 *   output  = Σ over kept choices: gate · output   combine is a gather, too
 * </pre>
 *
 * <p>A token without a slot costs nothing in the products of the experts.
 *
 * <p>Axes: N tokens of the batch, D hidden size, E experts, K experts a token.
 *
 * @param gates (N, E) float
 * @param slots who got which slot
 * @param output what the layer adds to each token, (N, D)
 */
record MoeLayer(Value gates, SlotAssignment slots, Value output) {

  /**
   * Builds the layer.
   *
   * @param tokens (N, D)
   */
  static MoeLayer of(
      Value tokens, VmoeArchitecture a, Parameters moe, RoutingInputs inputs, Form form) {
    GraphBuilder graph = tokens.graph();
    Value gates;
    SlotAssignment slots;
    try (var scope = graph.scope("routing")) {
      Value router =
          graph.constant("router", moe.get("Router/dense/kernel", a.hiddenSize(), a.numExperts()));
      gates = form.precision().inFull(tokens).matMul(router).softmax();
      slots = SlotAssignment.of(gates, a.tokensPerImage(), a.numExperts(), inputs);
    }
    Parameters mlp = moe.in("Mlp");
    ExpertOutputs outputs =
        switch (form.target()) {
          case CPU -> ExpertOutputs.ofExactRows(tokens, slots, inputs, a, mlp, form);
          case CUDA -> ExpertOutputs.ofAllSlots(tokens, slots, inputs, a, mlp, form);
        };
    try (var scope = graph.scope("combine")) {
      return new MoeLayer(gates, slots, combine(outputs, slots, inputs, form));
    }
  }

  /**
   * Returns what each token gets back, (N, D): a dropped choice reads the last row of its expert,
   * with weight 0.
   */
  private static Value combine(
      ExpertOutputs outputs, SlotAssignment slots, RoutingInputs inputs, Form form) {
    Value lastSlot = inputs.capacity().minus(outputs.rows().graph().integers(1));
    Value rows =
        outputs.firstRow().gather(slots.expert()).plus(slots.slot().min(lastSlot)); // (N, K)
    Value weights = form.precision().inGraph(slots.weight().unsqueeze(1)); // (N, 1, K)
    return weights.matMul(outputs.rows().gather(rows)).squeeze(1);
  }
}
