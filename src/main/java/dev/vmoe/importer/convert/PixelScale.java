package dev.vmoe.importer.convert;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.vmoe.core.onnx.Value;
import dev.vmoe.core.tensor.Tensor;
import java.util.List;

/**
 * What a model was trained to get for a pixel: (byte · scale − mean) / std, each channel with its
 * own mean and deviation.
 *
 * @param scale what a byte is multiplied by first, such as 1/255
 * @param mean (3) of red, green and blue, on that scale
 * @param std (3), likewise
 */
public record PixelScale(double scale, List<Double> mean, List<Double> std) {

  /** What bytes are multiplied by to be from 0 to 1. */
  public static final double BYTE = 1 / 255.0;

  private static final int CHANNELS = 3;

  /** Rejects what is not one number a channel, and a division by zero. */
  public PixelScale {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.size() != CHANNELS || std.size() != CHANNELS) {
      throw new IllegalArgumentException(
          "mean %s and std %s: each needs three numbers, of red, green and blue"
              .formatted(mean, std));
    }
    if (!mean.stream().allMatch(Double::isFinite)) {
      throw new IllegalArgumentException("mean %s: each must be a number".formatted(mean));
    }
    if (!(scale > 0) || !std.stream().allMatch(it -> it > 0 && it < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "scale %s and std %s: each number must be above 0".formatted(scale, std));
    }
  }

  /**
   * Returns the pixels as the model wants them, with channels as the last axis still.
   *
   * @param images (…, 3) uint8
   */
  public Value apply(Value images) {
    float[] shift = new float[CHANNELS];
    float[] factor = new float[CHANNELS];
    for (int i = 0; i < CHANNELS; i++) {
      shift[i] = (float) (mean.get(i) / scale);
      factor[i] = (float) (scale / std.get(i));
    }
    var graph = images.graph();
    return images
        .cast(DataType.FLOAT)
        .minus(graph.constant("mean", Tensor.takeOver(shift, CHANNELS)))
        .times(graph.constant("factor", Tensor.takeOver(factor, CHANNELS)));
  }
}
