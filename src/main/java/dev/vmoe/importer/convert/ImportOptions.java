package dev.vmoe.importer.convert;

import dev.vmoe.core.moe.Resize;
import java.util.List;

/**
 * What a checkpoint does not say about its model.
 *
 * @param name name of the model
 * @param classes class names in the order of the logits; empty where they have none
 * @param groups group of each class, in the same order; empty where they have none
 * @param expertsPerToken K of the training, and the largest that a run may ask for
 * @param capacityRatio capacity ratio of the training
 * @param softmax whether scores are a softmax over classes; a sigmoid of each class otherwise
 * @param resize how an image is brought to size
 * @param positions where the position embeddings come from
 * @param imageSize height and width of images in pixels; 0 for those the checkpoint was trained
 *     with
 */
public record ImportOptions(
    String name,
    List<String> classes,
    List<String> groups,
    int expertsPerToken,
    double capacityRatio,
    boolean softmax,
    Resize resize,
    Positions positions,
    int imageSize) {

  /** Largest image size: of images of 4096 × 4096, a model sees 65,536 patches of 16. */
  private static final int MAX_IMAGE_SIZE = 4096;

  /** Rejects what no model was trained with. */
  public ImportOptions {
    classes = List.copyOf(classes);
    groups = List.copyOf(groups);
    if (expertsPerToken < 1) {
      throw new IllegalArgumentException("experts per token " + expertsPerToken + " is below 1");
    }
    if (!(capacityRatio > 0) || Double.isInfinite(capacityRatio)) {
      throw new IllegalArgumentException("capacity ratio " + capacityRatio + " is not above 0");
    }
    if (imageSize < 0 || imageSize > MAX_IMAGE_SIZE) {
      throw new IllegalArgumentException(
          "image size " + imageSize + " is not from 1 to " + MAX_IMAGE_SIZE);
    }
  }

  /**
   * Returns the defaults: K 2, ratio 1.05, softmax, bilinear, learned positions, the checkpoint's
   * own image size.
   */
  public static ImportOptions named(String name) {
    return new ImportOptions(
        name, List.of(), List.of(), 2, 1.05, true, Resize.BILINEAR, Positions.LEARNED, 0);
  }

  /** Returns these options under another name. */
  public ImportOptions withName(String other) {
    return new ImportOptions(
        other,
        classes,
        groups,
        expertsPerToken,
        capacityRatio,
        softmax,
        resize,
        positions,
        imageSize);
  }
}
