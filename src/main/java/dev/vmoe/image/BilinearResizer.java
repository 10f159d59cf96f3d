package dev.vmoe.image;

import java.nio.ByteBuffer;

/**
 * To size × size directly: bilinear between the four nearest pixels, half-pixel centres, no
 * antialiasing, truncated to whole values.
 *
 * <p>Interpolates in float as {@code a + (b - a) · t}, the form of the reference's image library:
 * truncation shows the last bit, and this form keeps an even area exactly as it is. OpenCV's own
 * bilinear resize rounds, and has no such promise in float.
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
      double scale = (double) from / to;
      for (int i = 0; i < to; i++) {
        double at = (i + 0.5) * scale - 0.5;
        double floor = Math.floor(at);
        axis.before[i] = Math.max((int) floor, 0);
        axis.after[i] = Math.min((int) Math.ceil(at), from - 1);
        axis.way[i] = (float) (at - floor);
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
    float[] upper = new float[rowBytes];
    float[] lower = new float[rowBytes];
    byte[] row = new byte[rowBytes];
    int upperRow = -1;
    int lowerRow = -1;
    for (int y = 0; y < size; y++) {
      if (rows.before[y] == lowerRow) {
        float[] spare = upper;
        upper = lower;
        lower = spare;
        upperRow = lowerRow;
        lowerRow = -1;
      }
      if (rows.before[y] != upperRow) {
        upperRow = rows.before[y];
        interpolateRow(source, upperRow * width * CHANNELS, columns, upper);
      }
      if (rows.after[y] != lowerRow) {
        lowerRow = rows.after[y];
        interpolateRow(source, lowerRow * width * CHANNELS, columns, lower);
      }
      float way = rows.way[y];
      for (int i = 0; i < rowBytes; i++) {
        row[i] = (byte) (int) (upper[i] + (lower[i] - upper[i]) * way);
      }
      target.put(offset + y * rowBytes, row);
    }
  }

  private void interpolateRow(ByteBuffer source, int start, Axis columns, float[] row) {
    for (int x = 0; x < size; x++) {
      int before = start + columns.before[x] * CHANNELS;
      int after = start + columns.after[x] * CHANNELS;
      float way = columns.way[x];
      for (int c = 0; c < CHANNELS; c++) {
        float left = source.get(before + c) & 0xff;
        float right = source.get(after + c) & 0xff;
        row[x * CHANNELS + c] = left + (right - left) * way;
      }
    }
  }
}
