package dev.vmoe.core.moe;

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

  /** Rejects a grid that does not divide the image. */
  public PatchGrid {
    if (side < 1 || imageSize < side || imageSize % side != 0) {
      throw new IllegalArgumentException(
          "%d x %d pixels are not %d x %d patches".formatted(imageSize, imageSize, side, side));
    }
  }

  /**
   * Returns the grid of a model. That of a dense one is a single patch: it skips none, and may have
   * tokens that are no patches.
   */
  public static PatchGrid of(ModelCard card) {
    return card.dense()
        ? new PatchGrid(card.imageSize(), 1, false)
        : of(card.imageSize(), card.tokensPerImage());
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

  /** Returns the token of the first patch. */
  public int firstPatch() {
    return classToken ? 1 : 0;
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

  /** Checks that there is a number for each token, (T). */
  public void requireTokens(byte[] kept) {
    if (kept.length != tokens()) {
      throw new IllegalArgumentException(kept.length + " tokens, the grid has " + tokens());
    }
  }
}
