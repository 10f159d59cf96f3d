/** Serves an instance over HTTP: live page, metrics, health, topology, routing map. */
@NullMarked
package dev.vmoe.app.console;

import org.jspecify.annotations.NullMarked;
