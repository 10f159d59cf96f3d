/**
 * Which experts the images of which classes go to.
 *
 * <pre>
 * routing profile (topic) ──┐
 *                           ├──▶ RoutingTable ──▶ ClassInformation   bits by layer
 * labelled images           │                └──▶ RoutingMapPicture  experts × classes, MapOrder
 *   ──▶ RoutingTally ───────┘
 * </pre>
 *
 * <p>Axes: C classes, E experts.
 */
@NullMarked
package dev.vmoe.report.routing;

import org.jspecify.annotations.NullMarked;
