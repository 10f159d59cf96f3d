package dev.vmoe.importer.convert;

import java.util.List;

/**
 * What the parameters of a dense ViT do not say and its graph needs.
 *
 * @param heads attention heads; 0 where the parameters say it
 * @param epsilon what layer norms add to the variance
 * @param erfGelu whether GELU is in its erf form, not its tanh form
 * @param pixels what it was trained to get for a pixel
 */
record VitSettings(int heads, double epsilon, boolean erfGelu, PixelScale pixels) {

  static final List<Double> HALF = List.of(0.5, 0.5, 0.5);
  static final List<Double> IMAGENET_MEAN = List.of(0.485, 0.456, 0.406);
  static final List<Double> IMAGENET_STD = List.of(0.229, 0.224, 0.225);
  static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
  static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);

  /** Rejects what no model was trained with. */
  VitSettings {
    if (heads < 0 || !(epsilon > 0)) {
      throw new IllegalArgumentException(
          String.format("%d heads or epsilon %s is not above 0", heads, epsilon));
    }
  }

  /** Returns these with so many heads. */
  VitSettings withHeads(int other) {
    return new VitSettings(other, epsilon, erfGelu, pixels);
  }
}
