package dev.vmoe.lab.sweep;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * The settings that a sweep measures: every capacity ratio at every K, routing and batch size.
 *
 * @param ratios capacity ratios, each above 0
 * @param expertsPerToken values of K
 * @param batches batch sizes, in images
 * @param twin whether a dense twin is measured, too
 */
public record SweepPlan(
    List<Double> ratios, List<Integer> expertsPerToken, List<Integer> batches, boolean twin) {

  /** Usual number of images of a slice: a few runs of the largest usual batch. */
  private static final int SLICE_IMAGES = 256;

  /** Maximum number of images of a slice: all of them are decoded at once. */
  private static final int MAX_SLICE_IMAGES = 4096;

  /** Copies the lists; rejects what cannot be measured. */
  public SweepPlan {
    ratios = ratios.stream().distinct().sorted().toList();
    expertsPerToken = expertsPerToken.stream().distinct().sorted().toList();
    batches = batches.stream().distinct().sorted().toList();
    if (ratios.isEmpty() || expertsPerToken.isEmpty() || batches.isEmpty()) {
      throw new IllegalArgumentException(
          "nothing to measure: ratios "
              + ratios
              + ", K "
              + expertsPerToken
              + ", batch sizes "
              + batches);
    }
    for (double ratio : ratios) {
      for (int k : expertsPerToken) {
        new OperatingPoint(ratio, k); // rejects what no model can run with
      }
    }
    if (batches.get(0) < 1) {
      throw new IllegalArgumentException("batch size " + batches.get(0) + " is below 1");
    }
    if (commonMultiple(batches) > MAX_SLICE_IMAGES) {
      throw new IllegalArgumentException(
          String.format(
              "batch sizes %s fit together only every %d images, more than %d: choose others",
              batches, commonMultiple(batches), MAX_SLICE_IMAGES));
    }
  }

  /**
   * Returns the capacity ratios to measure by default: from a tenth up to E/K, where nothing is
   * dropped.
   */
  public static List<Double> ladder(ModelCard card) {
    double top = (double) card.numExperts() / card.expertsPerToken();
    return DoubleStream.concat(
            DoubleStream.of(0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1.05, 2).filter(r -> r < top),
            DoubleStream.of(top))
        .boxed()
        .toList();
  }

  /** Returns the plan of a dense model: its only point. */
  public static SweepPlan ofDense(List<Integer> batches) {
    return new SweepPlan(
        List.of(OperatingPoint.DENSE.capacityRatio()),
        List.of(OperatingPoint.DENSE.expertsPerToken()),
        batches,
        false);
  }

  /** Returns the largest batch size. */
  public int largestBatch() {
    return batches.get(batches.size() - 1);
  }

  /** Returns how many images a slice has: whole batches of every size. */
  public int sliceImages() {
    long multiple = commonMultiple(batches);
    return (int) (Math.max(1, SLICE_IMAGES / multiple) * multiple);
  }

  /** Returns every setting: by batch size the twin first, then BPR and vanilla. */
  public List<SweepPoint> points() {
    List<SweepPoint> points = new ArrayList<>();
    for (int batch : batches) {
      if (twin) {
        points.add(SweepPoint.dense(batch));
      }
      for (Routing routing : Routing.values()) {
        for (int k : expertsPerToken) {
          for (double ratio : ratios) {
            points.add(new SweepPoint(new RoutingSettings(ratio, k, routing), batch));
          }
        }
      }
    }
    return points;
  }

  private static long commonMultiple(List<Integer> numbers) {
    long multiple = 1;
    for (int number : numbers) {
      multiple = Math.multiplyExact(multiple / greatestDivisor(multiple, number), (long) number);
    }
    return multiple;
  }

  private static long greatestDivisor(long a, long b) {
    return b == 0 ? a : greatestDivisor(b, a % b);
  }
}
