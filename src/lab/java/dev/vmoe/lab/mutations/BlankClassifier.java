package dev.vmoe.lab.mutations;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.util.List;

/** Answers every image alike and at once: only decoding is of interest. */
final class BlankClassifier implements BatchClassifier {

  private static final int SIDE = 28;
  private static final ModelCard CARD =
      new ModelCard(
          "blank", "", List.of("0"), SIDE, 1, List.of(), 0, 0, 1, true, "bilinear", "none");

  @Override
  public ModelCard card() {
    return CARD;
  }

  @Override
  public BatchResult classify(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    RoutingCounts none =
        new RoutingCounts(
            numImages, 0, 0, new int[0], new int[0], new float[0], new float[0], new int[0]);
    return new BatchResult(new float[numImages][1], none, settings, 0, 1, 0);
  }

  @Override
  public void close() {
    // holds nothing
  }
}
