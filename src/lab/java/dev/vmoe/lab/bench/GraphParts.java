package dev.vmoe.lab.bench;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where the time of a graph goes: by part of a mixture of experts, and by operator. The parts are
 * told apart by the scopes in the nodes' names, {@code encoderblock_5/moe/combine/…}.
 *
 * @param moeMicros microseconds of each part, over all MoE layers
 * @param operatorMicros microseconds of each operator, over the whole graph
 * @param micros microseconds of the whole graph
 */
public record GraphParts(
    Map<MoePart, Double> moeMicros, Map<String, Double> operatorMicros, double micros) {

  private static final String MOE = "/moe/";

  /** The parts of a MoE layer. */
  public enum MoePart {
    /** The experts themselves: their two products and the GELU between them. */
    EXPERTS,
    /** Assignment of slots, from the router's product on. */
    ROUTING,
    /** Moving tokens into slots, and expert outputs back into one row each. */
    DISPATCH,
    /** Weighting, and bringing back to the tokens. */
    COMBINE,
    /** Counting for each image and expert. */
    COUNTS
  }

  /** Splits a profile. */
  public static GraphParts of(OperatorProfile profile) {
    Map<MoePart, Double> parts = new EnumMap<>(MoePart.class);
    Map<String, Double> operators = new TreeMap<>();
    for (OperatorProfile.Node node : profile.nodes()) {
      operators.merge(node.operator(), node.micros(), Double::sum);
      if (node.name().contains(MOE)) {
        parts.merge(part(node.name()), node.micros(), Double::sum);
      }
    }
    return new GraphParts(parts, operators, profile.micros());
  }

  private static MoePart part(String name) {
    String inside = name.substring(name.indexOf(MOE) + MOE.length());
    for (MoePart part : MoePart.values()) {
      if (inside.startsWith(part.name().toLowerCase(Locale.ROOT) + "/")) {
        return part;
      }
    }
    return MoePart.ROUTING;
  }

  /** Returns the time of the MoE layers, in microseconds. */
  public double moeLayers() {
    return moeMicros.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  /** Returns the share of the MoE layers' time that is not the experts' own. */
  public double moeOverheadShare() {
    return 1 - moeMicros.getOrDefault(MoePart.EXPERTS, 0.0) / moeLayers();
  }
}
