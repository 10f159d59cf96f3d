package dev.vmoe.core.capacity;

import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import org.jspecify.annotations.Nullable;

/**
 * The operating point of the next batch, and why.
 *
 * @param point operating point
 * @param routing order in which choices claim slots
 * @param reason why this point, for people; the same words for the same situation
 * @param predictedDelayNanos when the last image that waits now will be answered, from now, in
 *     nanoseconds; 0 where nothing is predicted
 * @param configurationVersion version of the configuration that was in force; null for the settings
 *     file
 */
public record Decision(
    OperatingPoint point,
    Routing routing,
    String reason,
    long predictedDelayNanos,
    @Nullable Long configurationVersion) {

  /** Creates a decision that predicts nothing, under the settings file. */
  public Decision(OperatingPoint point, Routing routing, String reason) {
    this(point, routing, reason, 0, null);
  }

  /** Returns the decision under another version of the configuration. */
  public Decision underConfiguration(@Nullable Long version) {
    return new Decision(point, routing, reason, predictedDelayNanos, version);
  }

  public RoutingSettings routingSettings() {
    return new RoutingSettings(point.capacityRatio(), point.expertsPerToken(), routing);
  }
}
