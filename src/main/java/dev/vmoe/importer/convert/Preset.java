package dev.vmoe.importer.convert;

import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.Resize;
import dev.vmoe.core.tensor.ParameterTree;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The released checkpoints of google-research/vmoe, by the name of their files: what they are and
 * how they were trained and evaluated. The sources are the repository's {@code README.md} and the
 * files in {@code vmoe/configs/vmoe_paper} that the decision on presets names.
 */
public enum Preset {
  VMOE_S32_LAST2_ILSVRC2012_RANDAUG_LIGHT1(Size.S32, 224, true, ClassSet.IMAGENET_1K, 1.05),
  VMOE_S32_LAST2_ILSVRC2012_RANDAUG_LIGHT1_FT_ILSVRC2012(
      Size.S32, 384, false, ClassSet.IMAGENET_1K, 1.5),
  VMOE_S32_LAST2_ILSVRC2012_RANDAUG_MEDIUM(Size.S32, 224, true, ClassSet.IMAGENET_1K, 1.05),
  VMOE_B16_IMAGENET21K_RANDAUG_STRONG(Size.B16, 224, false, ClassSet.IMAGENET_21K, 1.05),
  VMOE_B16_IMAGENET21K_RANDAUG_STRONG_FT_ILSVRC2012(
      Size.B16, 384, false, ClassSet.IMAGENET_1K, 1.5);

  /** Ensembles of the same repository, whose members have a router each. */
  private static final List<String> ENSEMBLES =
      List.of("eee_s32_last2_ilsvrc2012", "eee_s32_last2_ilsvrc2012_ft_cifar100");

  private enum Size {
    S32,
    B16
  }

  /** What a model tells apart: how many classes, and the set of their names. */
  private enum ClassSet {
    IMAGENET_1K(1000, ClassNames.IMAGENET_1K),
    IMAGENET_21K(21_843, ClassNames.IMAGENET_21K);

    private final int count;
    private final String names;

    ClassSet(int count, String names) {
      this.count = count;
      this.names = names;
    }
  }

  private final Size size;
  private final int imageSize;
  private final boolean preLogits;
  private final ClassSet classes;
  private final double capacityRatio;

  Preset(Size size, int imageSize, boolean preLogits, ClassSet classes, double capacityRatio) {
    this.size = size;
    this.imageSize = imageSize;
    this.preLogits = preLogits;
    this.classes = classes;
    this.capacityRatio = capacityRatio;
  }

  /** Returns the name of the released files, up to {@code .index} and {@code .data-…}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the preset with this {@link #label()}.
   *
   * @throws IllegalArgumentException if there is none, or its model cannot be imported
   */
  public static Preset ofLabel(String label) {
    if (ENSEMBLES.contains(label)) {
      throw new IllegalArgumentException(
          label
              + " is an ensemble (E³) of two members with a router each: it cannot be imported,"
              + " the V-MoEs beside it can");
    }
    return Arrays.stream(values())
        .filter(preset -> preset.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "preset '"
                        + label
                        + "' is none of "
                        + Arrays.stream(values())
                            .map(Preset::label)
                            .collect(Collectors.joining(", "))));
  }

  /** Returns the widths and depths of the release. */
  public VmoeArchitecture architecture() {
    return switch (size) {
      case S32 -> of(32, 512, 2048, 8, 8, List.of(5, 7));
      case B16 ->
          of(16, 768, 3072, 12, 12, IntStream.range(0, 6).mapToObj(i -> 2 * i + 1).toList());
    };
  }

  private VmoeArchitecture of(
      int patch, int hidden, int mlp, int heads, int blocks, List<Integer> moe) {
    return new VmoeArchitecture(
        imageSize,
        patch,
        hidden,
        mlp,
        heads,
        blocks,
        moe,
        8,
        classes.count,
        VmoeArchitecture.Classifier.TOKEN,
        preLogits ? hidden : 0,
        VmoeArchitecture.VMOE_EPSILON,
        false);
  }

  /**
   * Returns what the checkpoint does not say. Models of 224 pixels were trained with a sigmoid loss
   * and are evaluated on a crop; those of 384 were fine-tuned with softmax.
   */
  public ImportOptions options() throws IOException {
    boolean fineTuned = imageSize == 384;
    return new ImportOptions(
        label(),
        ClassNames.of(classes.names),
        List.of(),
        2,
        capacityRatio,
        fineTuned,
        fineTuned ? Resize.BILINEAR : Resize.AREA,
        Positions.LEARNED,
        0);
  }

  /**
   * Checks that a checkpoint is this release.
   *
   * @throws IllegalArgumentException if it has other widths or depths; says both
   */
  public void requireIn(ParameterTree checkpoint) {
    VmoeArchitecture found = VmoeArchitecture.of(checkpoint);
    if (!found.equals(architecture())) {
      throw new IllegalArgumentException(
          String.format(
              "preset %s is %s; the checkpoint is %s",
              label(), inFull(architecture()), inFull(found)));
    }
  }

  private static String inFull(VmoeArchitecture a) {
    return String.format(
        "%s, pre-logits %d, %d classes, %s",
        a.describe(), a.preLogitsSize(), a.numClasses(), a.classifier());
  }
}
