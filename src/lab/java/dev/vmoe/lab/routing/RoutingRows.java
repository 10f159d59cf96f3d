package dev.vmoe.lab.routing;

import dev.vmoe.lab.routing.RoutingTable.TableLayer;
import dev.vmoe.streams.output.Table;
import java.util.Arrays;

/** A routing table as rows of text or CSV. */
public final class RoutingRows {

  private RoutingRows() {}

  /** Returns the mutual information between experts and classes or groups, a row a layer. */
  public static Table byLayer(RoutingTable routing) {
    Table table =
        new Table(
            "block",
            "images",
            isGrouped(routing) ? "groups" : "classes",
            "experts",
            "kept_choices",
            "information_bits",
            "chance_bits",
            "above_chance_bits",
            "most_bits");
    for (TableLayer layer : routing.layers()) {
      ClassInformation information = routing.information(layer);
      long choices = 0;
      for (long[] ofClass : layer.kept()) {
        choices += Arrays.stream(ofClass).sum();
      }
      table.add(
          layer.block(),
          routing.images(),
          routing.classes().size(),
          layer.numExperts(),
          choices,
          Table.decimals(information.bits(), 4),
          Table.decimals(information.chanceBits(), 4),
          Table.decimals(information.aboveChanceBits(), 4),
          Table.decimals(information.maxBits(), 4));
    }
    return table;
  }

  private static boolean isGrouped(RoutingTable routing) {
    return routing.groupedClasses() > 0;
  }

  /** Returns the counts and weights, a row for each layer, class or group, and expert. */
  public static Table cells(RoutingTable routing) {
    String row = isGrouped(routing) ? "group" : "class";
    Table table =
        new Table(
            "block",
            row,
            "images",
            "expert",
            "kept",
            "gate_sum",
            "share_of_" + row,
            "mean_weight",
            "mean_gate");
    for (TableLayer layer : routing.layers()) {
      double[][] weights = layer.meanWeights();
      for (int c = 0; c < routing.classes().size(); c++) {
        long ofClass = Arrays.stream(layer.kept()[c]).sum();
        for (int e = 0; e < layer.numExperts(); e++) {
          long kept = layer.kept()[c][e];
          double gates = layer.gateSum()[c][e];
          table.add(
              layer.block(),
              routing.classes().get(c).label(),
              routing.classes().get(c).images(),
              e,
              kept,
              Table.decimals(gates, 3),
              Table.decimals(ofClass == 0 ? 0 : (double) kept / ofClass, 5),
              Table.decimals(weights[c][e], 5),
              kept == 0 ? null : Table.decimals(gates / kept, 5));
        }
      }
    }
    return table;
  }
}
