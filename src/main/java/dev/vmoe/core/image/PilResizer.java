package dev.vmoe.core.image;

import dev.vmoe.core.moe.Resize;
import java.nio.ByteBuffer;

/**
 * Resizes as PIL does, which torchvision, timm and Hugging Face use: a filter that widens with the
 * scale, first along rows, then along columns, each rounded to bytes; then a central crop. Only the
 * crop is computed. Weights are whole numbers of 2⁻²², as PIL has them, so bytes are equal to its.
 *
 * <p>Rows of the source come in turn and are added to the output rows that they belong to: memory
 * holds what few output rows need, however high the image is.
 */
final class PilResizer implements Resizer {

  private static final int CHANNELS = 3;
  private static final int WEIGHT_BITS = 22;
  private static final int HALF = 1 << (WEIGHT_BITS - 1);

  /** Maximum pixels of a side: the weights of a longer one would take too much memory. */
  private static final int MAX_SIDE = 1 << 18;

  private final int size;
  private final Resize resize;

  PilResizer(int size, Resize resize) {
    resize.requireCovers(size);
    this.size = size;
    this.resize = resize;
  }

  /**
   * The source pixels that each output position of the crop is made of.
   *
   * @param first first pixel of each position
   * @param weights weight of each pixel from the first on, in 2⁻²²
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record Weights(int[] first, int[][] weights) {

    static Weights of(int from, long to, int crop, Resize.Filter filter) {
      long start = (long) Math.rint((to - crop) / 2.0);
      double scale = (double) from / to;
      double stretch = Math.max(scale, 1);
      double support = (filter == Resize.Filter.PIL_BICUBIC ? 2 : 1) * stretch;
      Weights axis = new Weights(new int[crop], new int[crop][]);
      for (int i = 0; i < crop; i++) {
        double centre = (start + i + 0.5) * scale;
        int first = Math.max(0, (int) (centre - support + 0.5));
        int end = Math.min(from, (int) (centre + support + 0.5));
        double[] shares = new double[end - first];
        double sum = 0;
        for (int j = 0; j < shares.length; j++) {
          shares[j] = curve((first + j - centre + 0.5) * (1 / stretch), filter);
          sum += shares[j];
        }
        axis.first[i] = first;
        axis.weights[i] = new int[shares.length];
        for (int j = 0; j < shares.length; j++) {
          double weight = shares[j] / sum * (1 << WEIGHT_BITS);
          axis.weights[i][j] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
        }
      }
      return axis;
    }

    private static double curve(double at, Resize.Filter filter) {
      double x = Math.abs(at);
      if (filter == Resize.Filter.PIL_BILINEAR) {
        return Math.max(0, 1 - x);
      }
      if (x < 1) {
        return (1.5 * x - 2.5) * x * x + 1;
      }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    }

    /** Returns the position after the last pixel of an output position. */
    int end(int i) {
      return first[i] + weights[i].length;
    }
  }

  @Override
  public int maxSide() {
    return MAX_SIDE;
  }

  @Override
  public void resize(ByteBuffer source, int width, int height, ByteBuffer target, int offset) {
    int side = resize.side() == 0 ? size : resize.side();
    int shorter = Math.min(width, height);
    boolean square = resize.fit() == Resize.Fit.SQUARE;
    Weights columns =
        Weights.of(width, square ? side : (long) side * width / shorter, size, resize.filter());
    Weights rows =
        Weights.of(height, square ? side : (long) side * height / shorter, size, resize.filter());
    int left = columns.first[0];
    byte[] stored = new byte[(columns.end(size - 1) - left) * CHANNELS];
    byte[] along = new byte[size * CHANNELS];
    int[][] sums = new int[size][];
    int next = 0; // the first output row that is not complete
    for (int row = rows.first[0]; next < size; row++) {
      source.get((row * width + left) * CHANNELS, stored);
      resizeRow(stored, columns, left, along);
      for (int y = next; y < size && rows.first[y] <= row; y++) {
        sums[y] = sums[y] == null ? new int[along.length] : sums[y];
        add(along, rows.weights[y][row - rows.first[y]], sums[y]);
      }
      while (next < size && rows.end(next) == row + 1) {
        for (int i = 0; i < along.length; i++) {
          along[i] = toByte(sums[next][i]);
        }
        target.put(offset + next * along.length, along);
        sums[next++] = null;
      }
    }
  }

  private static void resizeRow(byte[] stored, Weights columns, int left, byte[] along) {
    for (int x = 0; x < columns.first.length; x++) {
      int at = (columns.first[x] - left) * CHANNELS;
      int red = 0;
      int green = 0;
      int blue = 0;
      for (int weight : columns.weights[x]) {
        red += (stored[at] & 0xff) * weight;
        green += (stored[at + 1] & 0xff) * weight;
        blue += (stored[at + 2] & 0xff) * weight;
        at += CHANNELS;
      }
      along[x * CHANNELS] = toByte(red);
      along[x * CHANNELS + 1] = toByte(green);
      along[x * CHANNELS + 2] = toByte(blue);
    }
  }

  private static void add(byte[] values, int weight, int[] sums) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += (values[i] & 0xff) * weight;
    }
  }

  private static byte toByte(int sum) {
    return (byte) Math.max(0, Math.min(255, (sum + HALF) >> WEIGHT_BITS));
  }
}
