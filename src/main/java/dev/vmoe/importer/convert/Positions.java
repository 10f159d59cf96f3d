package dev.vmoe.importer.convert;

import static dev.vmoe.core.model.Parameters.ANY;

import dev.vmoe.core.model.Parameters;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;

/** Where a model's position embeddings come from. */
public enum Positions {
  /** Parameters of the checkpoint, brought to the size of image that is asked for. */
  LEARNED("learned"),
  /** Sines and cosines of row and column: no parameters. */
  SINCOS2D("sincos2d");

  static final String PATH = "Encoder/posembed_input/pos_embedding";

  private final String label;

  Positions(String label) {
    this.label = label;
  }

  /** Returns the name that V-MoE's configurations have for it. */
  public String label() {
    return label;
  }

  /**
   * Returns the kind with this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Positions ofLabel(String label) {
    for (Positions positions : values()) {
      if (positions.label.equals(label)) {
        return positions;
      }
    }
    throw new IllegalArgumentException(
        "positions '" + label + "' are neither learned nor sincos2d");
  }

  /**
   * Returns the checkpoint with position embeddings for a size of image.
   *
   * @param imageSize height and width in pixels; 0 for that of the checkpoint
   * @throws IllegalArgumentException if the checkpoint has no such positions, or the size does not
   *     go with its patches
   */
  ParameterTree fit(ParameterTree checkpoint, int imageSize) {
    Parameters model = Parameters.of(checkpoint);
    Tensor embedding = model.get("embedding/kernel", ANY, ANY, 3, ANY);
    int patch = embedding.extent(0);
    int d = embedding.extent(3);
    int tokensBefore = model.contains("cls") ? model.get("cls", 1, ANY, d).extent(1) : 0;
    if (imageSize != 0 && (imageSize < patch || imageSize % patch != 0)) {
      throw new IllegalArgumentException(
          String.format(
              "image size %d is no multiple of the patch size %d: %d would be one",
              imageSize, patch, Math.max(1, Math.round((double) imageSize / patch)) * patch));
    }
    return switch (this) {
      case LEARNED -> learned(checkpoint, imageSize, patch, tokensBefore);
      case SINCOS2D -> {
        if (checkpoint.contains(PATH)) {
          throw new IllegalArgumentException(
              "checkpoint has the parameter " + PATH + ": its positions are learned, not sincos2d");
        }
        if (imageSize == 0) {
          throw new IllegalArgumentException(
              "sincos2d positions do not say the size of images: give the image size");
        }
        yield checkpoint.with(PATH, PositionGrid.sincos(tokensBefore, imageSize / patch, d));
      }
    };
  }

  private static ParameterTree learned(
      ParameterTree checkpoint, int imageSize, int patch, int tokensBefore) {
    if (!checkpoint.contains(PATH)) {
      throw new IllegalArgumentException(
          "checkpoint has no parameter "
              + PATH
              + ": if it was trained with sincos2d positions, say so, and give the image size");
    }
    int own = VmoeArchitecture.of(checkpoint).imageSize();
    if (imageSize == 0 || imageSize == own) {
      return checkpoint;
    }
    Tensor positions = checkpoint.get(PATH);
    return checkpoint.with(PATH, PositionGrid.resized(positions, tokensBefore, imageSize / patch));
  }
}
