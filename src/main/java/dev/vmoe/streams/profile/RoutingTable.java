package dev.vmoe.streams.profile;

import dev.vmoe.event.LayerProfile;
import dev.vmoe.event.RoutingProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the experts of one model did for each class, or for each group of classes.
 *
 * @param model name of the model
 * @param weightsHash SHA-256 over its weights
 * @param classes the classes that had images, in the order of the logits
 * @param otherImages images with labels that the model does not have; not in {@code layers}
 * @param layers the MoE layers, first to last
 * @param groupedClasses classes of which the rows are groups; 0 where each row is a class
 */
public record RoutingTable(
    String model,
    String weightsHash,
    List<ClassImages> classes,
    long otherImages,
    List<TableLayer> layers,
    int groupedClasses) {

  /** Copies the lists. */
  public RoutingTable {
    classes = List.copyOf(classes);
    layers = List.copyOf(layers);
  }

  /** Creates a table with a row a class. */
  public RoutingTable(
      String model,
      String weightsHash,
      List<ClassImages> classes,
      long otherImages,
      List<TableLayer> layers) {
    this(model, weightsHash, classes, otherImages, layers, 0);
  }

  /**
   * A class and how many images it had.
   *
   * @param label name of the class
   * @param images at least 1
   */
  public record ClassImages(String label, long images) {}

  /**
   * One MoE layer. The arrays are not copied.
   *
   * @param block encoder block, from 0
   * @param assigned choices of all classes before capacity
   * @param kept (C, E) choices that found a slot
   * @param gateSum (C, E) sum of their routing weights
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record TableLayer(int block, long assigned, long[][] kept, double[][] gateSum) {

    /**
     * Returns the sums over the classes of each row.
     *
     * @param members (rows) classes of each
     */
    TableLayer grouped(List<List<Integer>> members) {
      long[][] keptOfRow = new long[members.size()][numExperts()];
      double[][] gateSumOfRow = new double[members.size()][numExperts()];
      for (int row = 0; row < members.size(); row++) {
        for (int c : members.get(row)) {
          for (int e = 0; e < numExperts(); e++) {
            keptOfRow[row][e] += kept[c][e];
            gateSumOfRow[row][e] += gateSum[c][e];
          }
        }
      }
      return new TableLayer(block, assigned, keptOfRow, gateSumOfRow);
    }

    /** Returns E. */
    public int numExperts() {
      return kept[0].length;
    }

    /**
     * Returns the mean routing weight that a kept choice of each class gives each expert: (C, E).
     * The sum of a row is the mean gate of the class.
     */
    public double[][] meanWeights() {
      double[][] weights = new double[kept.length][];
      for (int c = 0; c < kept.length; c++) {
        long ofClass = Arrays.stream(kept[c]).sum();
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
   * @throws IllegalArgumentException if there are none, or they are of several models
   */
  public static RoutingTable of(List<RoutingProfile> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("the routing profile has no rows");
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
    List<TableLayer> layers = new ArrayList<>();
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

  /** Returns whether both have the same MoE layers and number of experts. */
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

  private static TableLayer layer(List<RoutingProfile> rows, int index, LayerProfile like) {
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
    return new TableLayer(like.getBlock(), assigned, kept, gateSum);
  }

  /**
   * Returns the sums of the classes of each group, in the order of the groups' first classes.
   *
   * @param groups group by class name; a class without one is a group of its own
   */
  public RoutingTable grouped(Map<String, String> groups) {
    Map<String, List<Integer>> members = new LinkedHashMap<>();
    for (int c = 0; c < classes.size(); c++) {
      String label = classes.get(c).label();
      members.computeIfAbsent(groups.getOrDefault(label, label), g -> new ArrayList<>()).add(c);
    }
    List<ClassImages> rows = new ArrayList<>();
    members.forEach(
        (group, own) ->
            rows.add(
                new ClassImages(
                    group, own.stream().mapToLong(c -> classes.get(c).images()).sum())));
    List<List<Integer>> each = List.copyOf(members.values());
    return new RoutingTable(
        model,
        weightsHash,
        rows,
        otherImages,
        layers.stream().map(layer -> layer.grouped(each)).toList(),
        classes.size());
  }

  /** Returns the images of all classes, without those of other labels. */
  public long images() {
    return classes.stream().mapToLong(ClassImages::images).sum();
  }

  /** Returns the mutual information between experts of a layer and classes. */
  public ClassInformation information(TableLayer layer) {
    return ClassInformation.of(
        layer.kept(), layer.assigned() == 0 ? 0 : (double) images() / layer.assigned());
  }
}
