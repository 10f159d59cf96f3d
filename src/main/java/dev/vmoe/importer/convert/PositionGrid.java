package dev.vmoe.importer.convert;

import dev.vmoe.core.tensor.Tensor;

/**
 * Position embeddings of a square of patches: learned ones resized as V-MoE's reference
 * implementation does it, or computed ones.
 *
 * <p>Axes: P patches, side · side, row by row; D hidden size.
 */
final class PositionGrid {

  private static final double TEMPERATURE = 10_000;

  private PositionGrid() {}

  /**
   * Returns learned positions for another number of patches, (1, T', D): linear between the nearest
   * four, corner patches keep theirs, and so does the class token.
   *
   * @param positions (1, T, D)
   * @param tokensBefore 1 where a class token stands before the patches, else 0
   * @param side patches a side of what is returned
   */
  static Tensor resized(Tensor positions, int tokensBefore, int side) {
    int d = positions.extent(2);
    int from = (int) Math.round(Math.sqrt(positions.extent(1) - tokensBefore));
    float[] values = new float[(tokensBefore + side * side) * d];
    positions.values().get(values, 0, tokensBefore * d);
    double step = side == 1 ? 0 : (from - 1) / (double) (side - 1);
    for (int row = 0; row < side; row++) {
      for (int column = 0; column < side; column++) {
        int to = (tokensBefore + row * side + column) * d;
        mix(positions, tokensBefore, from, row * step, column * step, values, to);
      }
    }
    return Tensor.takeOver(values, 1, values.length / d, d);
  }

  /** Writes what is at a place between patches, D values from {@code to} on. */
  private static void mix(
      Tensor positions,
      int tokensBefore,
      int side,
      double row,
      double column,
      float[] values,
      int to) {
    int d = positions.extent(2);
    int top = Math.min((int) row, side - 1);
    int left = Math.min((int) column, side - 1);
    int below = Math.min(top + 1, side - 1);
    int right = Math.min(left + 1, side - 1);
    double down = row - top;
    double along = column - left;
    for (int i = 0; i < d; i++) {
      double above =
          positions.at((tokensBefore + top * side + left) * d + i) * (1 - along)
              + positions.at((tokensBefore + top * side + right) * d + i) * along;
      double under =
          positions.at((tokensBefore + below * side + left) * d + i) * (1 - along)
              + positions.at((tokensBefore + below * side + right) * d + i) * along;
      values[to + i] = (float) (above * (1 - down) + under * down);
    }
  }

  /**
   * Returns sines and cosines of column and row, (1, T, D): a quarter of the width each, sin(x·ω),
   * cos(x·ω), sin(y·ω), cos(y·ω), with ω falling from 1 to 1/10,000. The class token has none.
   *
   * @param tokensBefore 1 where a class token stands before the patches, else 0
   * @param side patches a side
   * @param d D, a multiple of 4 and at least 8
   */
  static Tensor sincos(int tokensBefore, int side, int d) {
    if (d % 4 != 0 || d < 8) {
      throw new IllegalArgumentException(
          "sincos2d positions need a hidden size of a multiple of 4 from 8 on, not " + d);
    }
    int quarter = d / 4;
    float[] values = new float[(tokensBefore + side * side) * d];
    for (int patch = 0; patch < side * side; patch++) {
      int at = (tokensBefore + patch) * d;
      for (int i = 0; i < quarter; i++) {
        double omega = Math.pow(TEMPERATURE, -i / (quarter - 1.0));
        double x = patch % side * omega;
        double y = patch / side * omega;
        values[at + i] = (float) Math.sin(x);
        values[at + quarter + i] = (float) Math.cos(x);
        values[at + 2 * quarter + i] = (float) Math.sin(y);
        values[at + 3 * quarter + i] = (float) Math.cos(y);
      }
    }
    return Tensor.takeOver(values, 1, values.length / d, d);
  }
}
