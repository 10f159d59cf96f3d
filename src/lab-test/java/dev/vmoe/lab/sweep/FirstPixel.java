package dev.vmoe.lab.sweep;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.ModelCards;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.util.List;

/** Says the class (first pixel + shift) mod 3; drops half of the choices below ratio 1. */
record FirstPixel(String name, int shift) implements BatchClassifier {

  @Override
  public ModelCard card() {
    List<Integer> moeBlocks = name.startsWith("dense") ? List.of() : List.of(0);
    return ModelCards.of(
        name, "", List.of("a", "b", "c"), 1, 1, moeBlocks, 1, 2, 1, true, "bilinear", "");
  }

  @Override
  public BatchResult classify(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    float[][] logits = new float[numImages][3];
    int[] assigned = new int[numImages];
    int[] dispatched = new int[numImages];
    for (int i = 0; i < numImages; i++) {
      logits[i][(images.get(i * 3) + shift) % 3] = 1;
      assigned[i] = 2;
      dispatched[i] = settings.capacityRatio() < 1 ? 1 : 2;
    }
    RoutingCounts counts =
        new RoutingCounts(
            numImages,
            1,
            1,
            assigned,
            dispatched,
            new float[numImages],
            new float[numImages],
            new int[numImages]);
    return new BatchResult(
        logits,
        counts,
        settings,
        4,
        settings.capacityRatio(),
        3_000_000,
        new float[0][],
        new byte[0]);
  }

  @Override
  public void close() {}

  /** Returns images (B, 1, 1, 3) with these first pixels. */
  static ByteBuffer images(int... reds) {
    ByteBuffer images = ByteBuffer.allocateDirect(reds.length * 3);
    for (int i = 0; i < reds.length; i++) {
      images.put(i * 3, (byte) reds[i]);
    }
    return images;
  }
}
