package dev.vmoe.model;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The architectures of the published V-MoE models.
 *
 * @see <a href="https://arxiv.org/abs/2106.05974">Scaling Vision with Sparse Mixture of Experts,
 *     appendix B</a>
 */
public enum Variant {
  S_32("S/32", 32, 512, 2048, 8, 8, 2, 8),
  B_32("B/32", 32, 768, 3072, 12, 12, 6, 8),
  B_16("B/16", 16, 768, 3072, 12, 12, 6, 8),
  L_16("L/16", 16, 1024, 4096, 16, 24, 12, 32),
  H_14("H/14", 14, 1280, 5120, 16, 32, 5, 32);

  private static final int IMAGE_SIZE = 224;
  private static final int CLASSES = 1000;

  private final String label;
  private final VmoeArchitecture architecture;

  /** The last {@code moeLayers} of the odd blocks are MoE layers. */
  Variant(
      String label,
      int patchSize,
      int hiddenSize,
      int mlpSize,
      int numHeads,
      int numBlocks,
      int moeLayers,
      int numExperts) {
    List<Integer> moeBlocks =
        IntStream.range(0, moeLayers)
            .map(i -> numBlocks - 1 - 2 * (moeLayers - 1 - i))
            .boxed()
            .toList();
    this.label = label;
    this.architecture =
        new VmoeArchitecture(
            IMAGE_SIZE,
            patchSize,
            hiddenSize,
            mlpSize,
            numHeads,
            numBlocks,
            moeBlocks,
            numExperts,
            CLASSES,
            VmoeArchitecture.Classifier.TOKEN,
            0);
  }

  /** Returns the architecture for images of 224 × 224 pixels and 1000 classes. */
  public VmoeArchitecture architecture() {
    return architecture;
  }

  /**
   * Returns the variant with this name, such as S/32.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Variant ofLabel(String label) {
    return Arrays.stream(values())
        .filter(variant -> variant.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "variant '"
                        + label
                        + "' is none of "
                        + Arrays.stream(values())
                            .map(variant -> variant.label)
                            .collect(Collectors.joining(", "))));
  }
}
