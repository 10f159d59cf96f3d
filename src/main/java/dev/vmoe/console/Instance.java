package dev.vmoe.console;

import java.util.Optional;

/** What the console shows; asked at each request, from any thread. */
public interface Instance {

  /** Returns how it is. */
  Health health();

  /** Returns its topology as text; empty before the pipeline is built. */
  Optional<String> topology();

  /** Returns its routing map; none, unless it keeps a routing profile. */
  default RoutingMap routingMap() {
    return RoutingMap.lacking("this instance keeps no routing profile");
  }
}
