/**
 * Serves an instance over HTTP: live page, metrics, health, topology, routing map.
 *
 * <p>May use: {@code settings metrics output}.
 */
@NullMarked
package dev.vmoe.console;

import org.jspecify.annotations.NullMarked;
