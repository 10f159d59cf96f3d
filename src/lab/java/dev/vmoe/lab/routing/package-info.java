/** Counts of labelled images that become a routing map. */
@NullMarked
package dev.vmoe.lab.routing;

import org.jspecify.annotations.NullMarked;
