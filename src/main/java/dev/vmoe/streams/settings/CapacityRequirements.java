package dev.vmoe.streams.settings;

import dev.vmoe.core.capacity.PointBounds;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.moe.Routing;
import java.time.Duration;

/**
 * Checks that adaptive capacity can work with settings and model: that it has time to choose in and
 * an operating point to choose.
 */
public final class CapacityRequirements {

  /** Time to fetch, forward and send an image, the same at every operating point. */
  private static final Duration TRANSPORT = Duration.ofMillis(50);

  private CapacityRequirements() {}

  /** Returns the part of an image's latency that is the same at every operating point. */
  public static Duration overhead(Duration commitInterval) {
    return commitInterval.plus(TRANSPORT);
  }

  /**
   * Checks settings. In fixed mode all are accepted, unless images expire: the target must then
   * leave time for a run, too.
   *
   * @param live settings with every K known
   * @param quality accuracy of every operating point that the model has
   * @throws IllegalArgumentException if adaptive mode, or expiry, cannot work with them
   */
  public static void check(LiveSettings live, Duration commitInterval, QualityProfile quality) {
    boolean adaptive = live.capacity().mode() == CapacityMode.ADAPTIVE;
    if (adaptive || live.latePolicy() == LatePolicy.EXPIRE) {
      requireTime(live, commitInterval);
    }
    if (adaptive) {
      requirePoint(live, quality);
    }
  }

  private static void requireTime(LiveSettings live, Duration commitInterval) {
    Duration left = live.capacity().targetLatency().minus(overhead(commitInterval));
    if (left.isNegative() || live.linger().compareTo(left.dividedBy(2)) >= 0) {
      throw new IllegalArgumentException(
          String.format(
              "%s %d leaves %d ms after commits every %d ms and %d ms of transport: it has to leave"
                  + " more than twice %s %d",
              Settings.TARGET_LATENCY_MS,
              live.capacity().targetLatency().toMillis(),
              Math.max(0, left.toMillis()),
              commitInterval.toMillis(),
              TRANSPORT.toMillis(),
              Settings.BATCH_LINGER_MS,
              live.linger().toMillis()));
    }
  }

  private static void requirePoint(LiveSettings live, QualityProfile quality) {
    PointBounds bounds = live.capacity().bounds().toPoints();
    Routing routing = live.capacity().routing();
    if (quality.within(bounds, routing).isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "%s to %s, %s to %s: no operating point of known quality is within; known with %s %s"
                  + " are %s",
              Settings.CAPACITY_RATIO_MIN + " " + bounds.minRatio(),
              Settings.CAPACITY_RATIO_MAX + " " + bounds.maxRatio(),
              Settings.EXPERTS_PER_TOKEN_MIN + " " + bounds.minExpertsPerToken(),
              Settings.EXPERTS_PER_TOKEN_MAX + " " + bounds.maxExpertsPerToken(),
              Settings.ROUTING,
              routing.label(),
              quality.points(routing)));
    }
  }
}
