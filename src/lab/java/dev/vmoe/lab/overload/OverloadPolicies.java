package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.instance.LearnedControllers;
import dev.vmoe.streams.settings.LiveSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The policies that {@code vmoe lab bench overload} compares. */
public final class OverloadPolicies {

  /** Computed, not run: it knows every arrival beforehand. */
  public static final String CLAIRVOYANT = "clairvoyant";

  /** As {@link #CLAIRVOYANT}, over the points of the first model where there are others. */
  public static final String CLAIRVOYANT_ALONE = "clairvoyant_alone";

  private static final String FIXED_FULL = "fixed_full";
  private static final String FIXED_LOW = "fixed_low";
  private static final String PROPORTIONAL = "proportional";
  private static final String ADAPTIVE = "adaptive";
  private static final String ADAPTIVE_EXPIRE = "adaptive_expire";
  private static final String FIXED_DENSE = "fixed_dense";
  private static final String SWITCHING = "switching";
  private static final String ADAPTIVE_ALL = "adaptive_all";

  private OverloadPolicies() {}

  /**
   * Returns the names of the policies that can be run.
   *
   * @param cards the model first, then those beside it
   */
  public static List<String> names(List<ModelCard> cards) {
    List<String> names =
        new ArrayList<>(List.of(FIXED_FULL, FIXED_LOW, PROPORTIONAL, ADAPTIVE, ADAPTIVE_EXPIRE));
    int dense = dense(cards).size();
    if (cards.size() > 1 && dense > 0) {
      names.add(FIXED_DENSE);
    }
    if (dense > 1) {
      names.add(SWITCHING);
    }
    if (cards.size() > 1) {
      names.add(ADAPTIVE_ALL);
    }
    return names;
  }

  /**
   * Returns every policy that can be run: fixed at full quality first, then fixed at the lowest
   * point.
   *
   * @param full full quality of the first model
   * @param lowest its lowest useful point
   * @param learned makes the controllers that know what a point of any model costs
   * @param live target latency and bounds of those
   * @param cards the model first, then those beside it
   */
  public static List<Policy> of(
      RoutingSettings full,
      RoutingSettings lowest,
      LearnedControllers learned,
      LiveSettings live,
      List<ModelCard> cards) {
    LearnedControllers first = learned.among(Set.of(0));
    Set<Integer> dense = dense(cards);
    return names(cards).stream()
        .map(
            name ->
                switch (name) {
                  case FIXED_FULL -> fixed(name, point(full), full);
                  case FIXED_LOW -> fixed(name, point(lowest), lowest);
                  case PROPORTIONAL ->
                      new Policy(
                          name, () -> first.unlearnt().choosing(live, ProportionalCapacity::new));
                  case ADAPTIVE -> adaptive(name, first, live);
                  case ADAPTIVE_EXPIRE ->
                      new Policy(name, adaptive(name, first, live).controller(), true);
                  case FIXED_DENSE ->
                      fixed(name, OperatingPoint.DENSE.ofModel(dense.iterator().next()), full);
                  case SWITCHING -> adaptive(name, learned.among(dense), live);
                  default -> adaptive(name, learned, live);
                })
        .toList();
  }

  private static Policy fixed(String name, OperatingPoint point, RoutingSettings routing) {
    return new Policy(name, () -> new FixedCapacity(point, routing.routing()));
  }

  private static Policy adaptive(String name, LearnedControllers among, LiveSettings live) {
    return new Policy(name, () -> among.unlearnt().create(live));
  }

  /** Returns which models are dense, the first of them first. */
  private static Set<Integer> dense(List<ModelCard> cards) {
    Set<Integer> dense = new TreeSet<>();
    for (int i = 0; i < cards.size(); i++) {
      if (cards.get(i).dense()) {
        dense.add(i);
      }
    }
    return dense;
  }

  /** Returns whether a policy was computed, not run. */
  static boolean isComputed(String policy) {
    return policy.equals(CLAIRVOYANT) || policy.equals(CLAIRVOYANT_ALONE);
  }

  /** Returns the operating point of a setting, of the first model. */
  public static OperatingPoint point(RoutingSettings settings) {
    return new OperatingPoint(settings.capacityRatio(), settings.expertsPerToken());
  }
}
