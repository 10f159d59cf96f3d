/**
 * Counts of labelled images that become a routing map, and the map as tables and as PNG.
 *
 * <p>May use serving, and no other part of the lab.
 */
@NullMarked
package dev.vmoe.lab.routing;

import org.jspecify.annotations.NullMarked;
