package dev.vmoe.core.model;

import java.util.List;

/** Architectures with V-MoE's layer norm and GELU. */
public final class Architectures {

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
