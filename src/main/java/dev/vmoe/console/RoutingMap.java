package dev.vmoe.console;

import java.util.Optional;

/**
 * Which experts the images of which class went to, as a picture.
 *
 * @param svg the picture, if there is one
 * @param lacks why there is none; empty if there is
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
