package dev.vmoe.moe;

/**
 * Ways of bringing an image to a model's size; part of what a model says about itself, because it
 * answers well only what it has been trained with.
 */
public enum Resize {
  /** To height × width directly, bilinear, half-pixel centres, no antialiasing, truncated. */
  BILINEAR("bilinear"),
  /** The smaller side to imageSize · 256 / 224 by area averaging, then a central crop. */
  AREA("area");

  private final String label;

  Resize(String label) {
    this.label = label;
  }

  /** Returns the name that model cards and description files have for it. */
  public String label() {
    return label;
  }

  /**
   * Returns the way with this {@link #label()}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Resize ofLabel(String label) {
    for (Resize resize : values()) {
      if (resize.label.equals(label)) {
        return resize;
      }
    }
    throw new IllegalArgumentException("resize '" + label + "' is neither bilinear nor area");
  }
}
