package dev.vmoe.lab.overload;

import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.QualityProfile;
import dev.vmoe.lab.sweep.SweepRow;
import dev.vmoe.moe.Routing;
import java.util.List;

/**
 * How accurate operating points are on the images that are sent, and what counts as full quality: a
 * point need not process as much as the full one to be as good.
 *
 * @param profile accuracy by point, 0 to 1
 * @param routing order in which choices claim slots, at all points
 * @param full accuracy of full quality
 */
public record Quality(QualityProfile profile, Routing routing, double full) {

  /** A smaller loss of accuracy counts as full quality. */
  private static final double AS_GOOD = 0.005;

  /**
   * Returns the quality of evaluated points.
   *
   * @param rows evaluated points, full quality among them
   */
  public static Quality of(List<SweepRow> rows, OperatingPoint full) {
    Routing routing = rows.get(0).point().settings().routing();
    QualityProfile profile =
        new QualityProfile(
            rows.stream()
                .map(
                    row ->
                        new QualityProfile.Measurement(
                            OverloadPolicies.point(row.point().settings()),
                            routing,
                            1, // all of one batch size
                            row.accuracy()))
                .toList());
    return new Quality(profile, routing, profile.accuracy(full, routing, 1));
  }

  /**
   * Returns the accuracy to expect of an answer, between the evaluated capacity ratios of its K
   * interpolated; of an unknown point, that of the answer itself.
   */
  double expected(TraceOutcome outcome, int image) {
    double k = outcome.expertsPerToken(image);
    if (k < 1 || k != Math.rint(k)) {
      return outcome.correct(image);
    }
    OperatingPoint point = new OperatingPoint(outcome.capacityRatio(image), (int) k);
    return profile.knows(point, routing)
        ? profile.accuracy(point, routing, 1)
        : outcome.correct(image);
  }

  /** Returns the minimum mean accuracy that counts as full quality. */
  double enough() {
    return full - AS_GOOD;
  }
}
