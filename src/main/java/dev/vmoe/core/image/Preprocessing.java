package dev.vmoe.core.image;

import dev.vmoe.core.moe.Resize;

/**
 * How an image of any size becomes the model's input.
 *
 * @param imageSize height and width of the input, in pixels
 * @param resize way of resizing
 */
public record Preprocessing(int imageSize, Resize resize) {

  public Preprocessing {
    if (imageSize < 1) {
      throw new IllegalArgumentException("image size " + imageSize + " is below 1");
    }
  }

  /** Returns the bytes of one slot: imageSize · imageSize · 3. */
  public int slotBytes() {
    return imageSize * imageSize * 3;
  }
}
