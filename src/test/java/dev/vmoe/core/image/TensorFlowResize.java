package dev.vmoe.core.image;

/**
 * The reference's two ways of bringing an image to size, as TensorFlow defines its operators {@code
 * ResizeArea} and {@code ResizeBilinear} (half-pixel centres, no antialiasing), in fp32 and term by
 * term. Shares nothing with the resizers of this package.
 *
 * <p>An image is (height, width, 3), row by row; fp32, as the operators give it.
 *
 * @param values samples
 */
@SuppressWarnings("ArrayRecordComponent")
record TensorFlowResize(int width, int height, float[] values) {

  private static final int CHANNELS = 3;

  static TensorFlowResize of(int width, int height, byte[] samples) {
    float[] values = new float[samples.length];
    for (int i = 0; i < samples.length; i++) {
      values[i] = samples[i] & 0xff;
    }
    return new TensorFlowResize(width, height, values);
  }

  /** Smaller side to size · 256 / 224 by area, then a central crop; stays fractional. */
  TensorFlowResize areaAndCrop(int size) {
    float ratio = Math.round(size * 256 / 224f) / (float) Math.min(width, height);
    int wide = (int) Math.rint(width * ratio);
    int high = (int) Math.rint(height * ratio);
    return area(wide, high).crop((wide - size) / 2, (high - size) / 2, size);
  }

  /** To size × size directly, bilinear, cast back to whole numbers. */
  TensorFlowResize bilinearAndCast(int size) {
    TensorFlowResize resized = bilinear(size, size);
    for (int i = 0; i < resized.values.length; i++) {
      resized.values[i] = (int) resized.values[i];
    }
    return resized;
  }

  private TensorFlowResize area(int wide, int high) {
    float scaleX = width / (float) wide;
    float scaleY = height / (float) high;
    float scale = 1 / (scaleY * scaleX);
    float[] target = new float[high * wide * CHANNELS];
    for (int y = 0; y < high; y++) {
      float top = y * scaleY;
      float bottom = (y + 1) * scaleY;
      for (int x = 0; x < wide; x++) {
        float left = x * scaleX;
        float right = (x + 1) * scaleX;
        for (int c = 0; c < CHANNELS; c++) {
          float sum = 0;
          for (int v = (int) Math.floor(top); v < (int) Math.ceil(bottom); v++) {
            float row = 0;
            for (int u = (int) Math.floor(left); u < (int) Math.ceil(right); u++) {
              row += at(u, v, c) * covered(u, left, right, scaleX);
            }
            sum += row * covered(v, top, bottom, scaleY);
          }
          target[(y * wide + x) * CHANNELS + c] = sum * scale;
        }
      }
    }
    return new TensorFlowResize(wide, high, target);
  }

  /** Returns how much of the pixel from {@code at} to at + 1 lies between two positions. */
  private static float covered(int at, float from, float to, float scale) {
    if (at < from) {
      return at + 1 > to ? scale : at + 1 - from;
    }
    return at + 1 > to ? to - at : 1;
  }

  private TensorFlowResize bilinear(int wide, int high) {
    float[] target = new float[high * wide * CHANNELS];
    float scaleX = width / (float) wide;
    float scaleY = height / (float) high;
    for (int y = 0; y < high; y++) {
      float inY = (y + 0.5f) * scaleY - 0.5f;
      int top = Math.max((int) Math.floor(inY), 0);
      int bottom = Math.min((int) Math.ceil(inY), height - 1);
      float wayY = inY - (float) Math.floor(inY);
      for (int x = 0; x < wide; x++) {
        float inX = (x + 0.5f) * scaleX - 0.5f;
        int left = Math.max((int) Math.floor(inX), 0);
        int right = Math.min((int) Math.ceil(inX), width - 1);
        float wayX = inX - (float) Math.floor(inX);
        for (int c = 0; c < CHANNELS; c++) {
          float above = at(left, top, c) + (at(right, top, c) - at(left, top, c)) * wayX;
          float below = at(left, bottom, c) + (at(right, bottom, c) - at(left, bottom, c)) * wayX;
          target[(y * wide + x) * CHANNELS + c] = above + (below - above) * wayY;
        }
      }
    }
    return new TensorFlowResize(wide, high, target);
  }

  private TensorFlowResize crop(int left, int top, int size) {
    float[] target = new float[size * size * CHANNELS];
    for (int y = 0; y < size; y++) {
      System.arraycopy(
          values,
          ((top + y) * width + left) * CHANNELS,
          target,
          y * size * CHANNELS,
          size * CHANNELS);
    }
    return new TensorFlowResize(size, size, target);
  }

  /** Returns a sample; the edge's outside it, which fp32 positions may touch. */
  private float at(int x, int y, int channel) {
    int inX = Math.min(Math.max(x, 0), width - 1);
    int inY = Math.min(Math.max(y, 0), height - 1);
    return values[(inY * width + inX) * CHANNELS + channel];
  }
}
