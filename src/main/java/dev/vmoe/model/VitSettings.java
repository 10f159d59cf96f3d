package dev.vmoe.model;

import java.util.List;

/**
 * What the parameters of a dense ViT do not say and its graph needs.
 *
 * @param heads attention heads; 0 where the parameters say it
 * @param epsilon what layer norms add to the variance
 * @param erfGelu whether GELU is in its erf form, not its tanh form
 * @param scale what a byte is multiplied by: 1/255 nearly always
 * @param mean of red, green and blue, subtracted then
 * @param std of red, green and blue, divided by then
 */
record VitSettings(
    int heads, double epsilon, boolean erfGelu, double scale, List<Double> mean, List<Double> std) {

  static final List<Double> HALF = List.of(0.5, 0.5, 0.5);
  static final List<Double> IMAGENET_MEAN = List.of(0.485, 0.456, 0.406);
  static final List<Double> IMAGENET_STD = List.of(0.229, 0.224, 0.225);
  static final double BYTE = 1 / 255.0;

  /** Rejects what no model was trained with. */
  VitSettings {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.size() != 3 || std.size() != 3 || std.stream().anyMatch(value -> !(value > 0))) {
      throw new IllegalArgumentException(
          "mean " + mean + " and std " + std + " are not three numbers each, std above 0");
    }
    if (heads < 0 || !(epsilon > 0) || !(scale > 0)) {
      throw new IllegalArgumentException(
          String.format("%d heads, epsilon %s or scale %s is not above 0", heads, epsilon, scale));
    }
  }

  /** Returns these with so many heads. */
  VitSettings withHeads(int other) {
    return new VitSettings(other, epsilon, erfGelu, scale, mean, std);
  }
}
