package dev.vmoe.lab.overload;

import dev.vmoe.capacity.FixedCapacity;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.instance.LearnedControllers;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.settings.LiveSettings;
import java.util.List;

/** The policies that {@code vmoe bench overload} compares. */
public final class OverloadPolicies {

  /** Computed, not run: it knows every arrival beforehand. */
  public static final String CLAIRVOYANT = "clairvoyant";

  private OverloadPolicies() {}

  /**
   * Returns every policy that can be run: fixed at full quality first, then fixed at the lowest
   * point.
   *
   * @param full full quality
   * @param lowest the lowest useful point
   * @param learned makes the controllers that know what a point costs
   * @param live target latency and bounds of those
   */
  public static List<Policy> of(
      RoutingSettings full, RoutingSettings lowest, LearnedControllers learned, LiveSettings live) {
    return List.of(
        new Policy("fixed_full", () -> new FixedCapacity(point(full), full.routing())),
        new Policy("fixed_low", () -> new FixedCapacity(point(lowest), lowest.routing())),
        new Policy(
            "proportional", () -> learned.unlearnt().choosing(live, ProportionalCapacity::new)),
        new Policy("adaptive", () -> learned.unlearnt().create(live)));
  }

  /** Returns the operating point of a setting. */
  public static OperatingPoint point(RoutingSettings settings) {
    return new OperatingPoint(settings.capacityRatio(), settings.expertsPerToken());
  }
}
