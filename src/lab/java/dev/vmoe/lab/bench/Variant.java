package dev.vmoe.lab.bench;

import dev.vmoe.core.model.VmoeArchitecture;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The published architectures, at 224 pixels and 1000 classes.
 *
 * @see <a href="https://arxiv.org/abs/2106.05974">Scaling Vision with Sparse Mixture of Experts</a>
 */
public enum Variant {
  /** Small, patches of 32, experts in the last two odd blocks. */
  S32_LAST_2("S/32", 32, 512, 8, 2048, 8, 2, 8),
  /** Base, patches of 32, experts in every odd block. */
  B32_EVERY_2("B/32", 32, 768, 12, 3072, 12, 6, 8),
  /** Base, patches of 16, experts in every odd block. */
  B16_EVERY_2("B/16", 16, 768, 12, 3072, 12, 6, 8),
  /** Large, patches of 16, experts in every odd block. */
  L16_EVERY_2("L/16", 16, 1024, 24, 4096, 16, 12, 32),
  /** Huge, patches of 14, experts in the last five odd blocks. */
  H14_LAST_5("H/14", 14, 1280, 32, 5120, 16, 5, 32);

  private final String label;
  private final VmoeArchitecture architecture;

  Variant(
      String label,
      int patchSize,
      int hiddenSize,
      int numBlocks,
      int mlpSize,
      int numHeads,
      int numMoeBlocks,
      int numExperts) {
    this.label = label;
    architecture =
        new VmoeArchitecture(
            224,
            patchSize,
            hiddenSize,
            mlpSize,
            numHeads,
            numBlocks,
            lastOddBlocks(numBlocks, numMoeBlocks),
            numExperts,
            1000,
            VmoeArchitecture.Classifier.TOKEN,
            0,
            VmoeArchitecture.VMOE_EPSILON,
            false);
  }

  /**
   * Returns the variant with this published name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Variant ofLabel(String label) {
    for (Variant variant : values()) {
      if (variant.label.equals(label)) {
        return variant;
      }
    }
    throw new IllegalArgumentException(
        "variant '"
            + label
            + "' is none of "
            + Arrays.stream(values()).map(Variant::label).collect(Collectors.joining(", ")));
  }

  /** Returns the published name. */
  public String label() {
    return label;
  }

  /** Returns its widths and depths. */
  public VmoeArchitecture architecture() {
    return architecture;
  }

  private static List<Integer> lastOddBlocks(int numBlocks, int count) {
    List<Integer> odd = IntStream.range(0, numBlocks).filter(i -> i % 2 == 1).boxed().toList();
    return odd.subList(odd.size() - count, odd.size());
  }
}
