package dev.vmoe.core.model;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.vmoe.core.onnx.Value;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Which slot of which expert each choice of each token gets, if any: the routing of one MoE layer.
 *
 * <p>Sorting the choices by their {@link ClaimOrder} lines them up by expert, in the order in which
 * they claim its slots; a choice's slot is then its distance from where its expert starts. No
 * choice is moved for that, and no loop runs over tokens.
 *
 * <p>Axes: B images, T tokens an image, N = B·T, E experts, K experts a token, C slots an expert. A
 * choice is numbered token · K + k.
 *
 * @param expert (N, K) int64, the experts with the largest gates, largest first
 * @param gate (N, K) float, their gates
 * @param kept (N, K) bool, whether the choice got a slot
 * @param slot (N, K) int64, place within the expert's buffer; C or more where dropped
 * @param tokens (N·K) int64, the token of each choice, by expert, in the order of their claims
 * @param hot (B, T·K, E) float, 1 where the choice is this expert, else 0
 * @param assigned (B, E) float, choices of each expert in each image
 * @param load (E) int64, choices of each expert
 */
record SlotAssignment(
    Value expert,
    Value gate,
    Value kept,
    Value slot,
    Value tokens,
    Value hot,
    Value assigned,
    Value load) {

  /** Returns the gate of each kept choice, 0 of each dropped one, (N, K) float. */
  Value weight() {
    return gate.times(kept.cast(DataType.FLOAT));
  }

  /**
   * Routes one group.
   *
   * @param gates (N, E) float
   */
  static SlotAssignment of(Value gates, int tokensPerImage, int numExperts, RoutingInputs inputs) {
    var graph = gates.graph();
    Value k = inputs.expertsPerToken();
    Value numTokens = gates.extent(0);
    Value numChoices = numTokens.times(k);

    Value.TopK top = gates.largest(k);
    Value expert = top.positions();
    Value claims = ClaimOrder.of(top, tokensPerImage, numTokens, inputs);
    Value choices = claims.reshape(-1).smallest(numChoices).positions();
    Value place =
        choices
            .inversePermutation(graph.counting(numChoices))
            .reshape(graph.concat(0, List.of(graph.integers(-1), k))); // (N, K)

    Value experts = graph.integers(LongStream.range(0, numExperts).toArray());
    Value choicesOfImage = k.times(graph.integer(tokensPerImage));
    Value hot =
        expert
            .reshape(-1, 1)
            .equalTo(experts)
            .cast(DataType.FLOAT)
            .reshape(
                graph.concat(
                    0, List.of(graph.integers(-1), choicesOfImage, graph.integers(numExperts))));
    Value assigned = hot.sum(1); // whole numbers far below 2²⁴: exact
    Value load = assigned.sum(0).cast(DataType.INT64);
    Value slot = place.minus(load.sumBefore().gather(expert));
    return new SlotAssignment(
        expert,
        top.values(),
        slot.lessThan(inputs.capacity()),
        slot,
        choices.dividedBy(k),
        hot,
        assigned,
        load);
  }
}
