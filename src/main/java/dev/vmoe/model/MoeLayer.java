package dev.vmoe.model;

import dev.vmoe.onnx.GraphBuilder;
import dev.vmoe.onnx.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * A mixture of experts in place of an MLP: each token goes to the experts it has the largest gates
 * for, as far as they have slots.
 *
 * <pre>
 *   gates = softmax(tokens · W)          (N, E), not renormalised after the choice
 *   slots = SlotAssignment(gates)        who gets which slot
 *   rows  = tokens, by slot              dispatch: a gather
 *   done  = expert(rows), by expert
 *   sum over kept choices of gate · done at the choice's slot     combine: a gather, too
 * </pre>
 *
 * <p>A token without a slot costs nothing in the products of the experts, nor does a slot without a
 * token.
 *
 * <p>Axes: N tokens of the batch, D hidden size, E experts, K experts a token, S slots in use.
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
  static MoeLayer of(Value tokens, VmoeArchitecture a, Parameters moe, RoutingInputs inputs) {
    GraphBuilder graph = tokens.graph();
    Value router =
        graph.constant("router", moe.get("Router/dense/kernel", a.hiddenSize(), a.numExperts()));
    Value gates = tokens.matMul(router).softmax();
    SlotAssignment slots = SlotAssignment.of(gates, a.tokensPerImage(), a.numExperts(), inputs);

    Value used = slots.load().min(inputs.capacity()); // (E)
    List<Value> rows = dispatch(tokens, slots, used, a.numExperts(), inputs);
    List<Value> done = new ArrayList<>();
    for (int expert = 0; expert < a.numExperts(); expert++) {
      try (var scope = graph.scope("expert_" + expert)) {
        done.add(Mlp.expert(expert, a, moe.in("Mlp")).apply(rows.get(expert)));
      }
    }
    return new MoeLayer(gates, slots, combine(graph.concat(0, done), slots, used));
  }

  /** Returns the rows of each expert: of its choices, the first ones that its slots hold. */
  private static List<Value> dispatch(
      Value tokens, SlotAssignment slots, Value used, int numExperts, RoutingInputs inputs) {
    GraphBuilder graph = tokens.graph();
    Value tokenOfChoice = slots.choices().dividedBy(inputs.expertsPerToken()); // (N·K)
    Value keptAndDropped =
        graph.stack(1, List.of(used, slots.load().minus(used))).reshape(-1); // (2E), in turn
    List<Value> parts = tokenOfChoice.split(0, 2 * numExperts, keptAndDropped);
    List<Value> rows = new ArrayList<>();
    for (int expert = 0; expert < numExperts; expert++) {
      rows.add(tokens.gather(parts.get(2 * expert)));
    }
    return rows;
  }

  /**
   * Returns what each token gets back, (N, D).
   *
   * @param done (S, D), the slots in use, by expert
   * @param used (E) int64, slots in use of each expert
   */
  private static Value combine(Value done, SlotAssignment slots, Value used) {
    Value start = used.sumBefore().gather(slots.expert()); // (N, K)
    Value anywhere = done.graph().integer(0);
    Value position = slots.kept().choose(start.plus(slots.slot()), anywhere);
    return done.gather(position).times(slots.weight().unsqueeze(2)).sum(1);
  }
}
