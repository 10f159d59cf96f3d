package dev.vmoe.lab.routing;

import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.lab.routing.RoutingTable.ClassImages;
import dev.vmoe.lab.routing.RoutingTable.TableLayer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Counts by class what the experts do for labelled images, batch by batch. */
public final class RoutingTally {

  private final ModelCard card;
  private final long[] images;
  private final List<TableLayer> layers = new ArrayList<>();

  /** (L) choices before capacity. */
  private final long[] assigned;

  /** Creates a tally of nothing yet. */
  public RoutingTally(ModelCard card) {
    this.card = card;
    int classes = card.classes().size();
    images = new long[classes];
    assigned = new long[card.moeBlocks().size()];
    for (int block : card.moeBlocks()) {
      layers.add(
          new TableLayer(
              block,
              0,
              new long[classes][card.numExperts()],
              new double[classes][card.numExperts()]));
    }
  }

  /**
   * Counts a batch.
   *
   * @param classes (B) class of each image
   */
  public void add(BatchResult result, int[] classes) {
    RoutingCounts counts = result.counts();
    for (int image = 0; image < classes.length; image++) {
      images[classes[image]]++;
      for (int l = 0; l < layers.size(); l++) {
        long[] kept = layers.get(l).kept()[classes[image]];
        double[] gateSum = layers.get(l).gateSum()[classes[image]];
        for (int e = 0; e < kept.length; e++) {
          assigned[l] += counts.assigned()[counts.at(image, l) + e];
          kept[e] += counts.dispatched()[counts.at(image, l) + e];
          gateSum[e] += counts.gateSum()[counts.at(image, l) + e];
        }
      }
    }
  }

  /** Returns what was counted so far, of the classes that had images. */
  public RoutingTable table() {
    List<Integer> seen = new ArrayList<>();
    for (int c = 0; c < images.length; c++) {
      if (images[c] > 0) {
        seen.add(c);
      }
    }
    return new RoutingTable(
        card.name(),
        card.weightsHash(),
        seen.stream().map(c -> new ClassImages(card.classes().get(c), images[c])).toList(),
        IntStream.range(0, layers.size()).mapToObj(l -> layer(l, seen)).toList());
  }

  private TableLayer layer(int l, List<Integer> seen) {
    TableLayer layer = layers.get(l);
    return new TableLayer(
        layer.block(),
        assigned[l],
        seen.stream().map(c -> layer.kept()[c].clone()).toArray(long[][]::new),
        seen.stream().map(c -> layer.gateSum()[c].clone()).toArray(double[][]::new));
  }
}
