package dev.vmoe.profile;

import dev.vmoe.event.LayerProfile;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.output.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What the experts of one model did for each class.
 *
 * @param model name of the model
 * @param weightsHash SHA-256 over its weights
 * @param classes the classes that had images, in the order of the logits
 * @param otherImages images with labels that are none of the model's classes; in no layer here
 * @param layers the MoE layers, first to last
 */
public record RoutingTable(
    String model,
    String weightsHash,
    List<ClassImages> classes,
    long otherImages,
    List<Layer> layers) {

  /** Copies the lists. */
  public RoutingTable {
    classes = List.copyOf(classes);
    layers = List.copyOf(layers);
  }

  /**
   * A class and how many images it had.
   *
   * @param label name of the class
   * @param images at least 1
   */
  public record ClassImages(String label, long images) {}

  /**
   * One MoE layer. The arrays are handed over, not copied.
   *
   * @param block encoder block, from 0
   * @param assigned choices of all classes before capacity
   * @param kept (C, E) choices that found a slot
   * @param gateSum (C, E) their summed routing weight
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Layer(int block, long assigned, long[][] kept, double[][] gateSum) {

    /** Returns E. */
    public int numExperts() {
      return kept[0].length;
    }

    /**
     * Returns the routing weight that a kept choice of each class gives each expert on average: (C,
     * E), a row sums to the mean gate of the class.
     */
    public double[][] meanWeights() {
      double[][] weights = new double[kept.length][];
      for (int c = 0; c < kept.length; c++) {
        long ofClass = sum(kept[c]);
        weights[c] = new double[kept[c].length];
        for (int e = 0; e < kept[c].length; e++) {
          weights[c][e] = ofClass == 0 ? 0 : gateSum[c][e] / ofClass;
        }
      }
      return weights;
    }
  }

  /**
   * Returns the table of a routing profile.
   *
   * @param rows all rows of one model, in any order
   * @throws IllegalArgumentException if there are none, or they are not of one model
   */
  public static RoutingTable of(List<RoutingProfile> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("a routing profile without rows");
    }
    RoutingProfile first = rows.get(0);
    List<RoutingProfile> known = new ArrayList<>();
    long others = 0;
    for (RoutingProfile row : rows) {
      if (!row.getWeightsHash().equals(first.getWeightsHash()) || !sameShape(row, first)) {
        throw new IllegalArgumentException(
            "rows of two models: %s (%s), %s (%s)"
                .formatted(first.getWeightsHash(), shape(first), row.getWeightsHash(), shape(row)));
      }
      if (row.getClassIndex() < 0) {
        others += row.getImages();
      } else {
        known.add(row);
      }
    }
    known.sort(Comparator.comparing(RoutingProfile::getClassIndex));
    List<Layer> layers = new ArrayList<>();
    for (int l = 0; l < first.getLayers().size(); l++) {
      layers.add(layer(known, l, first.getLayers().get(l)));
    }
    return new RoutingTable(
        first.getModel(),
        first.getWeightsHash(),
        known.stream().map(row -> new ClassImages(row.getLabel(), row.getImages())).toList(),
        others,
        layers);
  }

  private static String shape(RoutingProfile row) {
    return "experts by layer "
        + row.getLayers().stream().map(layer -> layer.getDispatched().size()).toList();
  }

  /** Returns whether both have the same MoE layers, with as many experts. */
  private static boolean sameShape(RoutingProfile one, RoutingProfile other) {
    if (one.getLayers().size() != other.getLayers().size()) {
      return false;
    }
    for (int l = 0; l < one.getLayers().size(); l++) {
      LayerProfile layer = one.getLayers().get(l);
      LayerProfile like = other.getLayers().get(l);
      int experts = like.getDispatched().size();
      if (layer.getBlock() != like.getBlock()
          || layer.getAssigned().size() != experts
          || layer.getDispatched().size() != experts
          || layer.getGateSum().size() != experts) {
        return false;
      }
    }
    return true;
  }

  private static Layer layer(List<RoutingProfile> rows, int index, LayerProfile like) {
    int experts = like.getDispatched().size();
    long[][] kept = new long[rows.size()][experts];
    double[][] gateSum = new double[rows.size()][experts];
    long assigned = 0;
    for (int c = 0; c < rows.size(); c++) {
      LayerProfile layer = rows.get(c).getLayers().get(index);
      for (int e = 0; e < experts; e++) {
        assigned += layer.getAssigned().get(e);
        kept[c][e] = layer.getDispatched().get(e);
        gateSum[c][e] = layer.getGateSum().get(e);
      }
    }
    return new Layer(like.getBlock(), assigned, kept, gateSum);
  }

  /** Returns the images of all classes; those of other labels not among them. */
  public long images() {
    return classes.stream().mapToLong(ClassImages::images).sum();
  }

  /** Returns how much an expert of a layer tells of the class. */
  public ClassInformation information(Layer layer) {
    return ClassInformation.of(
        layer.kept(), layer.assigned() == 0 ? 0 : (double) images() / layer.assigned());
  }

  /** Returns a row a layer: how much the experts tell of the class. */
  public Table byLayer() {
    Table table =
        new Table(
            "block",
            "images",
            "classes",
            "experts",
            "kept_choices",
            "information_bits",
            "chance_bits",
            "above_chance_bits",
            "most_bits");
    for (Layer layer : layers) {
      ClassInformation information = information(layer);
      long choices = 0;
      for (long[] ofClass : layer.kept()) {
        choices += sum(ofClass);
      }
      table.add(
          layer.block(),
          images(),
          classes.size(),
          layer.numExperts(),
          choices,
          Table.decimals(information.bits(), 4),
          Table.decimals(information.chanceBits(), 4),
          Table.decimals(information.aboveChanceBits(), 4),
          Table.decimals(information.mostBits(), 4));
    }
    return table;
  }

  /** Returns a row a layer, class and expert. */
  public Table cells() {
    Table table =
        new Table(
            "block",
            "class",
            "images",
            "expert",
            "kept",
            "gate_sum",
            "share_of_class",
            "mean_weight",
            "mean_gate");
    for (Layer layer : layers) {
      double[][] weights = layer.meanWeights();
      for (int c = 0; c < classes.size(); c++) {
        long ofClass = sum(layer.kept()[c]);
        for (int e = 0; e < layer.numExperts(); e++) {
          long kept = layer.kept()[c][e];
          double gates = layer.gateSum()[c][e];
          table.add(
              layer.block(),
              classes.get(c).label(),
              classes.get(c).images(),
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

  private static long sum(long[] counts) {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }
}
