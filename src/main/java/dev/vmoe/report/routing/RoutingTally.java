package dev.vmoe.report.routing;

import dev.vmoe.inference.BatchResult;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.RoutingCounts;
import dev.vmoe.report.routing.RoutingTable.ClassImages;
import dev.vmoe.report.routing.RoutingTable.Layer;
import java.util.ArrayList;
import java.util.List;

/** Counts by class what the experts do for labelled images, batch by batch. */
public final class RoutingTally {

  private final ModelCard card;
  private final long[] images;
  private final List<Layer> layers = new ArrayList<>();

  /** Creates a tally of nothing yet. */
  public RoutingTally(ModelCard card) {
    this.card = card;
    int classes = card.classes().size();
    images = new long[classes];
    for (int block : card.moeBlocks()) {
      layers.add(
          new Layer(
              block, new long[classes][card.numExperts()], new double[classes][card.numExperts()]));
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
        0,
        layers.stream()
            .map(
                layer ->
                    new Layer(
                        layer.block(),
                        seen.stream().map(c -> layer.kept()[c].clone()).toArray(long[][]::new),
                        seen.stream()
                            .map(c -> layer.gateSum()[c].clone())
                            .toArray(double[][]::new)))
            .toList());
  }
}
