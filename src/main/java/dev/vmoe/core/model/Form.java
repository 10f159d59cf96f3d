package dev.vmoe.core.model;

import java.util.Locale;

/**
 * How a graph is written down, whatever it computes.
 *
 * @param target kind of device it is to be fast on
 * @param precision what its large products are computed in
 */
public record Form(Target target, Precision precision) {

  /** Rejects what would be fast nowhere. */
  public Form {
    boolean cpuOnly = precision == Precision.INT8;
    boolean cudaOnly = precision == Precision.FP16;
    if (cpuOnly && target != Target.CPU || cudaOnly && target != Target.CUDA) {
      throw new IllegalArgumentException(
          String.format(
              "precision %s is not for target %s: fp32 is for both, fp16 for cuda, int8 for cpu",
              precision.label(), target.name().toLowerCase(Locale.ROOT)));
    }
  }

  /** Returns single precision for a device. */
  public static Form of(Target target) {
    return new Form(target, Precision.FP32);
  }
}
