/**
 * Routing of a mixture-of-experts layer in plain Java: gates to dispatch plan to counts, and
 * capacity arithmetic. The reference that the graph is held against.
 */
@NullMarked
package dev.vmoe.moe;

import org.jspecify.annotations.NullMarked;
