package dev.vmoe.lab.patches;

import dev.vmoe.core.moe.PatchGrid;

/**
 * The patches of an image that a layer skipped: none of their token's choices was kept.
 *
 * <p>Axes: S image size, T tokens an image.
 */
public final class SkippedPatches {

  /**
   * The colour that skipped patches are mixed with, RGB: of medium brightness to show on dark and
   * light, and blue to show on grey.
   */
  private static final int[] VEIL = {72, 104, 160};

  /** A skipped patch is mixed from one part of itself and two parts of the veil. */
  private static final int VEIL_PARTS = 2;

  private SkippedPatches() {}

  /**
   * Returns the number of skipped patches.
   *
   * @param kept (T) choices kept of each token of an image by one layer
   */
  public static int count(PatchGrid grid, byte[] kept) {
    grid.requireTokens(kept);
    int skipped = 0;
    for (int token = grid.firstPatch(); token < kept.length; token++) {
      skipped += kept[token] == 0 ? 1 : 0;
    }
    return skipped;
  }

  /**
   * Returns whether there is a class token, and it is skipped.
   *
   * @param kept (T) choices kept of each token
   */
  public static boolean withClassToken(PatchGrid grid, byte[] kept) {
    grid.requireTokens(kept);
    return grid.classToken() && kept[0] == 0;
  }

  /**
   * Returns the image with its skipped patches dimmed, in new pixels.
   *
   * @param pixels (S, S, 3) uint8, RGB
   * @param kept (T) choices kept of each token of the image by one layer
   */
  public static byte[] dim(PatchGrid grid, byte[] pixels, byte[] kept) {
    int size = grid.imageSize();
    if (pixels.length != size * size * 3) {
      throw new IllegalArgumentException(
          "%d bytes are not %d x %d pixels".formatted(pixels.length, size, size));
    }
    grid.requireTokens(kept);
    int patchSize = size / grid.side();
    byte[] dimmed = pixels.clone();
    for (int i = 0; i < dimmed.length; i++) {
      int row = i / 3 / size / patchSize;
      int column = i / 3 % size / patchSize;
      if (kept[grid.firstPatch() + row * grid.side() + column] == 0) {
        int value = Byte.toUnsignedInt(pixels[i]);
        dimmed[i] = (byte) ((value + VEIL_PARTS * VEIL[i % 3]) / (1 + VEIL_PARTS));
      }
    }
    return dimmed;
  }
}
