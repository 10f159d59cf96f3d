package dev.vmoe.picture;

import dev.vmoe.moe.ModelCard;

/**
 * How a model cuts its input into patches, and which token each patch is.
 *
 * <p>Patches are counted row by row; the class token, if there is one, comes first.
 *
 * <p>Axes: S image size, p patch size, P = (S / p)² patches an image, T tokens an image.
 *
 * @param imageSize S, in pixels
 * @param side patches in a row, and rows: S / p
 * @param classToken whether token 0 is the class token: T = P + 1; otherwise T = P
 */
public record PatchGrid(int imageSize, int side, boolean classToken) {

  /**
   * The colour that skipped patches are mixed with, RGB: of medium brightness to show on dark and
   * light, and blue to show on grey.
   */
  private static final int[] VEIL = {72, 104, 160};

  /** A skipped patch is mixed from one part of itself and two parts of the veil. */
  private static final int VEIL_PARTS = 2;

  /** Rejects a grid that does not divide the image. */
  public PatchGrid {
    if (side < 1 || imageSize < side || imageSize % side != 0) {
      throw new IllegalArgumentException(
          "%d x %d pixels are not %d x %d patches".formatted(imageSize, imageSize, side, side));
    }
  }

  /** Returns the grid of a model. */
  public static PatchGrid of(ModelCard card) {
    return of(card.imageSize(), card.tokensPerImage());
  }

  /**
   * Returns the grid of this many tokens: a square number of patches, or that and a class token.
   *
   * @throws IllegalArgumentException if there is no such grid
   */
  static PatchGrid of(int imageSize, int tokensPerImage) {
    int side = (int) Math.sqrt(tokensPerImage);
    int others = tokensPerImage - side * side;
    if (others > 1) {
      throw new IllegalArgumentException(
          tokensPerImage + " tokens are neither a square of patches nor that and a class token");
    }
    return new PatchGrid(imageSize, side, others == 1);
  }

  /** Returns P. */
  public int patches() {
    return side * side;
  }

  /** Returns T. */
  public int tokens() {
    return firstPatch() + patches();
  }

  private int firstPatch() {
    return classToken ? 1 : 0;
  }

  /**
   * Returns the number of skipped patches: none of their token's choices was kept.
   *
   * @param kept (T) choices kept of each token of an image by one layer
   */
  public int skippedPatches(byte[] kept) {
    requireTokens(kept);
    int skipped = 0;
    for (int token = firstPatch(); token < kept.length; token++) {
      skipped += kept[token] == 0 ? 1 : 0;
    }
    return skipped;
  }

  /**
   * Returns how many choices of each patch were kept, as (P) digits, by rows; nine or more are 9.
   *
   * @param kept (T) choices kept of each token of an image by one layer
   */
  public String keptDigits(byte[] kept) {
    requireTokens(kept);
    StringBuilder digits = new StringBuilder();
    for (int token = firstPatch(); token < kept.length; token++) {
      digits.append(Math.min(9, kept[token]));
    }
    return digits.toString();
  }

  /**
   * Returns whether there is a class token, and it is skipped.
   *
   * @param kept (T) choices kept of each token
   */
  public boolean skipsClassToken(byte[] kept) {
    requireTokens(kept);
    return classToken && kept[0] == 0;
  }

  /**
   * Returns the image with its skipped patches dimmed, in new pixels.
   *
   * @param pixels (S, S, 3) uint8, RGB
   * @param kept (T) choices kept of each token of the image by one layer
   */
  public byte[] dim(byte[] pixels, byte[] kept) {
    if (pixels.length != imageSize * imageSize * 3) {
      throw new IllegalArgumentException(
          "%d bytes are not %d x %d pixels".formatted(pixels.length, imageSize, imageSize));
    }
    requireTokens(kept);
    int patchSize = imageSize / side;
    byte[] dimmed = pixels.clone();
    for (int i = 0; i < dimmed.length; i++) {
      int row = i / 3 / imageSize / patchSize;
      int column = i / 3 % imageSize / patchSize;
      if (kept[firstPatch() + row * side + column] == 0) {
        int value = Byte.toUnsignedInt(pixels[i]);
        dimmed[i] = (byte) ((value + VEIL_PARTS * VEIL[i % 3]) / (1 + VEIL_PARTS));
      }
    }
    return dimmed;
  }

  private void requireTokens(byte[] kept) {
    if (kept.length != tokens()) {
      throw new IllegalArgumentException(kept.length + " tokens, the grid has " + tokens());
    }
  }
}
