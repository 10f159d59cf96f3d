package dev.vmoe.lab.routing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the experts of one model did for each class, or for each group of classes.
 *
 * @param model name of the model
 * @param weightsHash SHA-256 over its weights
 * @param classes the classes that had images, in the order of the logits
 * @param layers the MoE layers, first to last
 * @param groupedClasses classes of which the rows are groups; 0 where each row is a class
 */
public record RoutingTable(
    String model,
    String weightsHash,
    List<ClassImages> classes,
    List<TableLayer> layers,
    int groupedClasses) {

  /** Copies the lists. */
  public RoutingTable {
    classes = List.copyOf(classes);
    layers = List.copyOf(layers);
  }

  /** Creates a table with a row a class. */
  public RoutingTable(
      String model, String weightsHash, List<ClassImages> classes, List<TableLayer> layers) {
    this(model, weightsHash, classes, layers, 0);
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
        layers.stream().map(layer -> layer.grouped(each)).toList(),
        classes.size());
  }

  /** Returns the images of all classes. */
  public long images() {
    return classes.stream().mapToLong(ClassImages::images).sum();
  }

  /** Returns the mutual information between experts of a layer and classes. */
  public ClassInformation information(TableLayer layer) {
    return ClassInformation.of(
        layer.kept(), layer.assigned() == 0 ? 0 : (double) images() / layer.assigned());
  }
}
