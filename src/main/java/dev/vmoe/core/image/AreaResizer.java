package dev.vmoe.core.image;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Resizes the smaller side to size · 256 / 224, each pixel the mean of the area it covers, then
 * cuts a central crop of size × size. Only the crop is computed.
 *
 * <p>The reference keeps fractional means. The model's input is uint8, so they are rounded to the
 * nearest whole value.
 */
final class AreaResizer implements Resizer {

  private static final int CHANNELS = 3;
  private static final int RESIZED = 256;
  private static final int CROPPED = 224;

  private final int size;

  AreaResizer(int size) {
    this.size = size;
  }

  /**
   * The source pixels that each output position of the crop covers.
   *
   * @param first first pixel covered
   * @param weights share of each covered pixel, from the first on; they add up to 1
   */
  private record Coverage(int[] first, float[][] weights) {

    static Coverage of(int from, int smallerFrom, int smallerTo, int crop) {
      long to = Math.max(crop, (long) Math.rint((double) from * smallerTo / smallerFrom));
      long start = (to - crop) / 2;
      double scale = (double) from / to;
      Coverage axis = new Coverage(new int[crop], new float[crop][]);
      for (int i = 0; i < crop; i++) {
        double begin = (start + i) * scale;
        double end = Math.min(begin + scale, from);
        int first = Math.min((int) begin, from - 1);
        int last = Math.max(first, (int) Math.ceil(end) - 1);
        float[] weights = new float[last - first + 1];
        for (int j = first; j <= last; j++) {
          weights[j - first] =
              (float) ((Math.min(end, j + 1.0) - Math.max(begin, j)) / (end - begin));
        }
        axis.first[i] = first;
        axis.weights[i] = weights;
      }
      return axis;
    }

    int end() {
      int last = first.length - 1;
      return first[last] + weights[last].length;
    }
  }

  @Override
  public void resize(ByteBuffer source, int width, int height, ByteBuffer target, int offset) {
    int smaller = Math.min(width, height);
    int resized = (int) Math.rint((double) size * RESIZED / CROPPED);
    Coverage columns = Coverage.of(width, smaller, resized, size);
    Coverage rows = Coverage.of(height, smaller, resized, size);
    int left = columns.first[0];
    float[] means = new float[(columns.end() - left) * CHANNELS];
    byte[] covered = new byte[means.length];
    byte[] row = new byte[size * CHANNELS];
    for (int y = 0; y < size; y++) {
      Arrays.fill(means, 0);
      float[] weights = rows.weights[y];
      for (int j = 0; j < weights.length; j++) {
        source.get(((rows.first[y] + j) * width + left) * CHANNELS, covered);
        float weight = weights[j];
        for (int i = 0; i < means.length; i++) {
          means[i] += (covered[i] & 0xff) * weight;
        }
      }
      averageColumns(means, columns, left, row);
      target.put(offset + y * row.length, row);
    }
  }

  private void averageColumns(float[] means, Coverage columns, int left, byte[] row) {
    for (int x = 0; x < size; x++) {
      float[] weights = columns.weights[x];
      int at = (columns.first[x] - left) * CHANNELS;
      float red = 0;
      float green = 0;
      float blue = 0;
      for (float weight : weights) {
        red += means[at] * weight;
        green += means[at + 1] * weight;
        blue += means[at + 2] * weight;
        at += CHANNELS;
      }
      row[x * CHANNELS] = rounded(red);
      row[x * CHANNELS + 1] = rounded(green);
      row[x * CHANNELS + 2] = rounded(blue);
    }
  }

  private static byte rounded(float value) {
    return (byte) (int) (value + 0.5f);
  }
}
