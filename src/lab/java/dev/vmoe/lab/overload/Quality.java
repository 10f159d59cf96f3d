package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.moe.Routing;

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
   * Returns the accuracy to expect of an answer, between the evaluated capacity ratios of its K
   * interpolated; of an unknown point or model, that of the answer itself.
   */
  double expected(TraceOutcome outcome, int image) {
    double k = outcome.expertsPerToken(image);
    int model = outcome.model(image);
    if (model < 0 || k < 1 || k != Math.rint(k)) {
      return outcome.correct(image);
    }
    OperatingPoint point = new OperatingPoint(model, outcome.capacityRatio(image), (int) k);
    return profile.knows(point, routing)
        ? profile.accuracy(point, routing, 1)
        : outcome.correct(image);
  }

  /** Returns the minimum mean accuracy that counts as full quality. */
  double enough() {
    return full - AS_GOOD;
  }
}
