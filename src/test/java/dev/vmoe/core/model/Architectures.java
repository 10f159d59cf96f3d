package dev.vmoe.core.model;

import java.util.List;

/** Architectures with V-MoE's layer norm and GELU. */
public final class Architectures {

  public static final VmoeArchitecture TOKEN =
      of(12, 4, 8, 16, 2, 3, List.of(1), 4, 5, VmoeArchitecture.Classifier.TOKEN, 0);

  public static final VmoeArchitecture GAP =
      of(8, 2, 6, 10, 3, 2, List.of(0, 1), 3, 7, VmoeArchitecture.Classifier.GAP, 9);

  private Architectures() {}

  /** Returns an architecture; parameters as those of {@link VmoeArchitecture}. */
  public static VmoeArchitecture of(
      int imageSize,
      int patchSize,
      int hiddenSize,
      int mlpSize,
      int numHeads,
      int numBlocks,
      List<Integer> moeBlocks,
      int numExperts,
      int numClasses,
      VmoeArchitecture.Classifier classifier,
      int preLogitsSize) {
    return new VmoeArchitecture(
        imageSize,
        patchSize,
        hiddenSize,
        mlpSize,
        numHeads,
        numBlocks,
        moeBlocks,
        numExperts,
        numClasses,
        classifier,
        preLogitsSize,
        VmoeArchitecture.VMOE_EPSILON,
        false);
  }
}
