package dev.vmoe.app.console;

import java.util.Optional;

/**
 * A picture of the experts that each class's images went to.
 *
 * @param svg the picture; empty if there is none
 * @param lacks why there is no picture; empty if there is one
 */
public record RoutingMap(Optional<String> svg, String lacks) {

  /** Returns a map. */
  public static RoutingMap of(String svg) {
    return new RoutingMap(Optional.of(svg), "");
  }

  /** Returns no map, and why. */
  public static RoutingMap lacking(String why) {
    return new RoutingMap(Optional.empty(), why);
  }
}
