package dev.vmoe.core.capacity;

import dev.vmoe.core.moe.Routing;
import java.util.ArrayList;
import java.util.List;

/** Cost and quality of a made-up model whose throughput ranges over a factor of about 2.3. */
public final class DemoModel {

  public static final Routing ROUTING = Routing.BATCH_PRIORITY;
  public static final int BATCH = 32;
  static final List<Double> RATIOS = List.of(0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1.05);
  public static final QualityProfile QUALITY = quality();
  public static final OperatingPoint BEST = new OperatingPoint(1.05, 2);
  public static final OperatingPoint CHEAPEST = new OperatingPoint(0.1, 1);
  static final PointBounds ALL = new PointBounds(0.01, 4, 1, 2);

  private DemoModel() {}

  static List<OperatingPoint> points() {
    List<OperatingPoint> points = new ArrayList<>();
    for (int k = 1; k <= 2; k++) {
      for (double ratio : RATIOS) {
        points.add(new OperatingPoint(ratio, k));
      }
    }
    return points;
  }

  /** Returns 2 ms a run, and 0.5 ms to 1.35 ms an image, all times a factor. */
  public static CostModel cost(double factor) {
    List<RunTime> survey = new ArrayList<>();
    for (OperatingPoint point : points()) {
      for (int images : List.of(1, 8, 32)) {
        double millis = 2 + images * (0.5 + 0.85 * share(point));
        survey.add(new RunTime(point, images, Math.round(millis * 1e6 * factor)));
      }
    }
    return new CostModel(survey);
  }

  public static Ladder ladder(CostModel cost) {
    return Ladder.of(cost, QUALITY, ROUTING, BATCH, ALL);
  }

  private static double share(OperatingPoint point) {
    return Math.min(1, point.capacityRatio()) * point.expertsPerToken() / 2;
  }

  /** Returns the accuracy of any point. */
  public static double accuracy(OperatingPoint point) {
    double missing = 1 - share(point);
    return 0.93 - 0.06 * missing * missing - (point.expertsPerToken() == 1 ? 0.001 : 0);
  }

  private static QualityProfile quality() {
    List<QualityProfile.Measurement> entries = new ArrayList<>();
    for (OperatingPoint point : points()) {
      double missing = 1 - share(point);
      double lessExperts = point.expertsPerToken() == 1 ? 0.001 : 0;
      entries.add(
          new QualityProfile.Measurement(
              point, ROUTING, BATCH, 0.93 - 0.06 * missing * missing - lessExperts));
    }
    return new QualityProfile(entries);
  }
}
