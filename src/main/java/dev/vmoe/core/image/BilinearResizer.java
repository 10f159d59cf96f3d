package dev.vmoe.core.image;

import java.nio.ByteBuffer;

/**
 * Resizes directly to size × size: bilinear between the four nearest pixels, half-pixel centres, no
 * antialiasing, truncated to whole values.
 *
 * <p>Computes {@code a + (b - a) · t} in fp32 as TensorFlow's operator does, so that truncation
 * gives the same values and an area of one colour keeps it. OpenCV's bilinear resize of bytes
 * rounds.
 */
final class BilinearResizer implements Resizer {

  private static final int CHANNELS = 3;

  private final int size;

  BilinearResizer(int size) {
    this.size = size;
  }

  /**
   * For each output position: the nearest pixel at or before it, the one after, and the fraction of
   * the distance between them.
   */
  private record Neighbours(int[] before, int[] after, float[] fraction) {

    static Neighbours of(int from, int to) {
      Neighbours axis = new Neighbours(new int[to], new int[to], new float[to]);
      float scale = (float) from / to;
      for (int i = 0; i < to; i++) {
        float at = (i + 0.5f) * scale - 0.5f;
        float floor = (float) Math.floor(at);
        axis.before[i] = Math.max((int) floor, 0);
        axis.after[i] = Math.min((int) Math.ceil(at), from - 1);
        axis.fraction[i] = at - floor;
      }
      return axis;
    }
  }

  @Override
  public void resize(ByteBuffer source, int width, int height, ByteBuffer target, int offset) {
    int rowBytes = size * CHANNELS;
    if (width == size && height == size) {
      target.put(offset, source, 0, size * rowBytes);
      return;
    }
    Neighbours columns = Neighbours.of(width, size);
    Neighbours rows = Neighbours.of(height, size);
    SourceRow upper = new SourceRow(source, width, columns);
    SourceRow lower = new SourceRow(source, width, columns);
    byte[] row = new byte[rowBytes];
    for (int y = 0; y < size; y++) {
      if (lower.at == rows.before[y]) {
        SourceRow spare = upper;
        upper = lower;
        lower = spare;
      }
      upper.read(rows.before[y]);
      lower.read(rows.after[y]);
      float fraction = rows.fraction[y];
      for (int i = 0; i < rowBytes; i++) {
        row[i] = (byte) (int) between(upper.values[i], lower.values[i], fraction);
      }
      target.put(offset + y * rowBytes, row);
    }
  }

  private static float between(float from, float to, float fraction) {
    return from + (to - from) * fraction;
  }

  /** One source row interpolated at the output's columns, kept while it is needed. */
  private static final class SourceRow {

    private final ByteBuffer source;
    private final Neighbours columns;
    private final byte[] stored;
    private final float[] values;
    private int at = -1;

    SourceRow(ByteBuffer source, int width, Neighbours columns) {
      this.source = source;
      this.columns = columns;
      this.stored = new byte[width * CHANNELS];
      this.values = new float[columns.fraction.length * CHANNELS];
    }

    void read(int row) {
      if (row == at) {
        return;
      }
      at = row;
      source.get(row * stored.length, stored);
      for (int x = 0; x < columns.fraction.length; x++) {
        int before = columns.before[x] * CHANNELS;
        int after = columns.after[x] * CHANNELS;
        for (int c = 0; c < CHANNELS; c++) {
          values[x * CHANNELS + c] =
              between(stored[before + c] & 0xff, stored[after + c] & 0xff, columns.fraction[x]);
        }
      }
    }
  }
}
