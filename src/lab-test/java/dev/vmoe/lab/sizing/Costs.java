package dev.vmoe.lab.sizing;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.PointBounds;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.moe.Routing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Costs and accuracies of a made-up model: about 700 images a second at its best point. */
public final class Costs {

  private static final List<Double> RATIOS = List.of(0.1, 0.25, 0.5, 1.05);

  private Costs() {}

  /** Returns costs: 2 ms a run and 0.5 to 1.35 ms an image. */
  public static MeasuredCosts of(String model, String weightsHash) {
    List<MeasuredCosts.MeasuredRun> runs = new ArrayList<>();
    for (OperatingPoint point : points()) {
      for (int images : List.of(1, 8, 32, 64)) {
        runs.add(
            new MeasuredCosts.MeasuredRun(
                point.expertsPerToken(),
                point.capacityRatio(),
                images,
                2 + images * (0.5 + 0.85 * share(point))));
      }
    }
    return new MeasuredCosts(
        model,
        weightsHash,
        28,
        "cpu",
        2,
        1,
        true,
        "bpr",
        500,
        0.02,
        280,
        new MeasuredCosts.InPipeline(32, 650, 1.0, 0.1, 0.1, 1.0, 20, 0.05),
        runs);
  }

  static MeasuredCosts made() {
    return of("made-up", "0123");
  }

  static QualityProfile quality() {
    List<QualityProfile.Measurement> entries = new ArrayList<>();
    for (OperatingPoint point : points()) {
      double missing = 1 - share(point);
      double accuracy = 0.93 - 0.06 * missing * missing * missing;
      entries.add(new QualityProfile.Measurement(point, Routing.BATCH_PRIORITY, 32, accuracy));
    }
    return new QualityProfile(entries);
  }

  static Forecaster forecaster() {
    return new Forecaster(
        made(), quality(), new PointBounds(0.1, 1.05, 1, 2), 0.1, Duration.ofMillis(150));
  }

  private static List<OperatingPoint> points() {
    List<OperatingPoint> points = new ArrayList<>();
    for (int k = 1; k <= 2; k++) {
      for (double ratio : RATIOS) {
        points.add(new OperatingPoint(ratio, k));
      }
    }
    return points;
  }

  private static double share(OperatingPoint point) {
    return Math.min(1, point.capacityRatio()) * point.expertsPerToken() / 2;
  }
}
