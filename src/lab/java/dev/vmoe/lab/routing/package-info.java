/** Counts of what each expert does for labelled images of each class, as tables. */
@NullMarked
package dev.vmoe.lab.routing;

import org.jspecify.annotations.NullMarked;
