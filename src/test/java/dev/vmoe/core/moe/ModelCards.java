package dev.vmoe.core.moe;

import java.util.List;

/** Cards of models whose classes have no groups, and whose graphs give no features. */
public final class ModelCards {

  private ModelCards() {}

  /** Returns a card; parameters as those of {@link ModelCard}. */
  public static ModelCard of(
      String name,
      String weightsHash,
      List<String> classes,
      int imageSize,
      int tokensPerImage,
      List<Integer> moeBlocks,
      int numExperts,
      int expertsPerToken,
      double capacityRatio,
      boolean softmax,
      String resize,
      String architecture) {
    return new ModelCard(
        name,
        weightsHash,
        classes,
        imageSize,
        tokensPerImage,
        moeBlocks,
        numExperts,
        expertsPerToken,
        capacityRatio,
        softmax,
        resize,
        architecture,
        List.of(),
        0);
  }
}
