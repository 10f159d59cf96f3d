package dev.vmoe.image;

/**
 * How an image of any size becomes the model's input.
 *
 * @param imageSize height and width of the input, in pixels
 * @param resize way of resizing
 */
public record Preprocessing(int imageSize, Resize resize) {

  /** Ways of bringing an image to size. */
  public enum Resize {
    /** To height × width directly, bilinear, half-pixel centres, no antialiasing, truncated. */
    BILINEAR,
    /** The smaller side to imageSize · 256 / 224 by area averaging, then a central crop. */
    AREA;

    /**
     * Returns the resize named in a model card.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Resize ofLabel(String label) {
      return switch (label) {
        case "bilinear" -> BILINEAR;
        case "area" -> AREA;
        default ->
            throw new IllegalArgumentException(
                "resize '" + label + "' is neither bilinear nor area");
      };
    }
  }

  /** Rejects an empty input. */
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
