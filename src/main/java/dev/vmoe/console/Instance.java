package dev.vmoe.console;

import java.util.Optional;

/** What the console shows; asked at each request, from any thread. */
public interface Instance {

  /** Returns how it is. */
  Health health();

  /** Returns its topology as text; empty before the pipeline is built. */
  Optional<String> topology();

  /** Returns what the live page shows of its pipeline; empty before that is built. */
  default Optional<PipelineView> view() {
    return Optional.empty();
  }

  /** Returns whether there is something to draw a routing map from; asked every second. */
  default boolean hasRoutingMap() {
    return false;
  }

  /** Returns its routing map; none, unless it keeps a routing profile. */
  default RoutingMap routingMap() {
    return RoutingMap.lacking("this instance keeps no routing profile");
  }
}
