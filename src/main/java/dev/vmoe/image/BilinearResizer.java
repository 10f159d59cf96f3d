package dev.vmoe.image;

import java.nio.ByteBuffer;

/**
 * To size × size directly: bilinear between the four nearest pixels, half-pixel centres, no
 * antialiasing, truncated to whole values.
 *
 * <p>All in fp32, and interpolated as {@code a + (b - a) · t}, as TensorFlow's operator does it, so
 * that what is truncated is the very same; it also keeps an even area exactly as it is. OpenCV's
 * bilinear resize of bytes rounds.
 */
final class BilinearResizer implements Resizer {

  private static final int CHANNELS = 3;

  private final int size;

  BilinearResizer(int size) {
    this.size = size;
  }

  /**
   * For each output position: the nearest pixel at or before it, the one after, the way between.
   */
  private record Axis(int[] before, int[] after, float[] way) {

    static Axis of(int from, int to) {
      Axis axis = new Axis(new int[to], new int[to], new float[to]);
      float scale = (float) from / to;
      for (int i = 0; i < to; i++) {
        float at = (i + 0.5f) * scale - 0.5f;
        float floor = (float) Math.floor(at);
        axis.before[i] = Math.max((int) floor, 0);
        axis.after[i] = Math.min((int) Math.ceil(at), from - 1);
        axis.way[i] = at - floor;
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
    Axis columns = Axis.of(width, size);
    Axis rows = Axis.of(height, size);
    Line upper = new Line(source, width, columns);
    Line lower = new Line(source, width, columns);
    byte[] row = new byte[rowBytes];
    for (int y = 0; y < size; y++) {
      if (lower.at == rows.before[y]) {
        Line spare = upper;
        upper = lower;
        lower = spare;
      }
      upper.read(rows.before[y]);
      lower.read(rows.after[y]);
      float way = rows.way[y];
      for (int i = 0; i < rowBytes; i++) {
        row[i] = (byte) (int) between(upper.values[i], lower.values[i], way);
      }
      target.put(offset + y * rowBytes, row);
    }
  }

  private static float between(float from, float to, float way) {
    return from + (to - from) * way;
  }

  /** One source row at the output's columns, kept while it is needed. */
  private static final class Line {

    private final ByteBuffer source;
    private final Axis columns;
    private final byte[] stored;
    private final float[] values;
    private int at = -1;

    Line(ByteBuffer source, int width, Axis columns) {
      this.source = source;
      this.columns = columns;
      this.stored = new byte[width * CHANNELS];
      this.values = new float[columns.way.length * CHANNELS];
    }

    void read(int row) {
      if (row == at) {
        return;
      }
      at = row;
      source.get(row * stored.length, stored);
      for (int x = 0; x < columns.way.length; x++) {
        int before = columns.before[x] * CHANNELS;
        int after = columns.after[x] * CHANNELS;
        for (int c = 0; c < CHANNELS; c++) {
          values[x * CHANNELS + c] =
              between(stored[before + c] & 0xff, stored[after + c] & 0xff, columns.way[x]);
        }
      }
    }
  }
}
