package dev.vmoe.lab.sweep;

import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import org.jspecify.annotations.Nullable;

/**
 * One setting of a sweep.
 *
 * @param routing ratio, K and order of the V-MoE; null for the dense twin, which has none
 * @param batch images routed together
 */
public record SweepPoint(@Nullable RoutingSettings routing, int batch) {

  /** Returns the dense twin at a batch size. */
  static SweepPoint dense(int batch) {
    return new SweepPoint(null, batch);
  }

  /** Returns whether this is the dense twin. */
  public boolean isDense() {
    return routing == null;
  }

  /** Returns the settings that the run gets; a dense model ignores them. */
  public RoutingSettings settings() {
    return routing == null ? new RoutingSettings(1, 1, Routing.VANILLA) : routing;
  }
}
